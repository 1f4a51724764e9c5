#pragma once

#include <bulkhead/detail/inspector_field.hpp>
#include <cstddef>
#include <type_traits>
#include <utility>

namespace bulkhead::detail {

/// What `f(x.a, x.b)` of CAF 0.17 gives back. As CAF's error it is true when something failed.
struct inspect_failure {
  bool failed = false;
  explicit operator bool() const noexcept { return failed; }
};

/// What `f.object(x)` of CAF 1.x gives back: takes the fields, and what to call before or after.
template <class Inspector, class On_load, class On_save>
class inspected_object {
 public:
  inspected_object(Inspector& f, On_load load, On_save save)
      : f_(&f), on_load_(std::move(load)), on_save_(std::move(save)) {}

  template <class Name>
  inspected_object& pretty_name(const Name&) noexcept {
    return *this;  // names do not travel
  }
  template <class Call>
  auto on_load(Call call) {
    return inspected_object<Inspector, Call, On_save>(*f_, std::move(call), std::move(on_save_));
  }
  template <class Call>
  auto on_save(Call call) {
    return inspected_object<Inspector, On_load, Call>(*f_, std::move(on_load_), std::move(call));
  }

  template <class... Fields>
  bool fields(Fields&&... fields) {
    constexpr inspect_mode mode = Inspector::mode;
    if constexpr (mode == inspect_mode::save) f_->note(went_well(on_save_));
    f_->note((fields.visit(*f_) && ...));
    if constexpr (mode == inspect_mode::load) f_->note(f_->good() && went_well(on_load_));
    return f_->good();
  }

 private:
  Inspector* f_;
  On_load on_load_;
  On_save on_save_;
};

/// What a user's `inspect(f, x)` gets for `f`: speaks the dialects of CAF 0.17 and of CAF 1.x, so
/// that one overload serves both and us. `Action` does one thing with each field (codec_inspect).
template <class Action>
class inspector {
 public:
  using result_type = inspect_failure;
  static constexpr inspect_mode mode = Action::mode;
  static constexpr bool is_loading = mode == inspect_mode::load;
  static constexpr bool reads_state = !is_loading;
  static constexpr bool writes_state = is_loading;

  explicit inspector(Action action) : action_(std::move(action)) {}
  inspector(const inspector&) = delete;
  inspector& operator=(const inspector&) = delete;

  // CAF 0.17. Fields are lvalues; temporaries are its annotations, which say how to print.
  template <class... Fields>
  inspect_failure operator()(Fields&&... fields) {
    note((one(std::forward<Fields>(fields)) && ...));
    return {!good_};
  }

  // CAF 1.x.
  template <class T>
  auto object(T&) {
    return inspected_object<inspector, do_nothing, do_nothing>(*this, {}, {});
  }
  template <class Name, class T>
  auto field(const Name&, T& value) {
    return value_field<T>(value);
  }
  template <class Name, class Get, class Set>
  auto field(const Name&, Get get, Set set) {
    return virtual_field<Get, Set>(std::move(get), std::move(set));
  }
  template <class Name, class Has, class Get, class Reset, class Set>
  auto field(const Name&, Has has, Get get, Reset reset, Set set) {
    return optional_field<Has, Get, Reset, Set>(std::move(has), std::move(get), std::move(reset),
                                                std::move(set));
  }
  template <class T>
  bool apply(T& value) {
    return note(visit(value));
  }
  template <class Get, class Set>
  bool apply(Get get, Set set) {
    return note(virtual_field<Get, Set>(std::move(get), std::move(set)).visit(*this));
  }
  static constexpr bool has_human_readable_format() noexcept { return false; }

  // For the fields, and for who made the inspector.
  template <class T>
  bool visit(T& value) {
    ++fields_;
    return action_.field(value);
  }
  template <class T>
  bool visit_type() {
    ++fields_;
    return action_.template type<T>();
  }
  bool note(bool good) noexcept { return good_ = good_ && good; }
  [[nodiscard]] bool good() const noexcept { return good_; }
  /// How many fields were named; the lowest byte travels.
  [[nodiscard]] std::byte count() const noexcept { return static_cast<std::byte>(fields_); }
  [[nodiscard]] Action& action() noexcept { return action_; }

 private:
  template <class Field>
  bool one(Field&& field) {
    if constexpr (std::is_lvalue_reference_v<Field>) {
      return visit(field);
    } else {
      static_assert(
          !requires { field.fun; },
          "bulkhead: an inspect with a load or save callback of CAF 0.17 cannot be in a "
          "message: use fields only");
      return true;
    }
  }

  Action action_;
  unsigned fields_ = 0;
  bool good_ = true;
};

}  // namespace bulkhead::detail
