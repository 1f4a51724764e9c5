#pragma once

#include <optional>
#include <type_traits>
#include <utility>

namespace bulkhead::detail {

/// What an inspection is for. `look`: the types of the fields only; no value is read or written.
enum class inspect_mode { look, save, load };

struct do_nothing {
  bool operator()() const noexcept { return true; }
};

/// Calls what a user gave to an inspection. A bool says whether it went well; any other result is
/// an error, which is true when it did not.
template <class Call, class... Args>
bool went_well(Call& call, Args&&... args) {
  using result = std::invoke_result_t<Call&, Args...>;
  if constexpr (std::is_void_v<result>) {
    call(std::forward<Args>(args)...);
    return true;
  } else if constexpr (std::is_same_v<result, bool>) {
    return call(std::forward<Args>(args)...);
  } else {
    return !static_cast<bool>(call(std::forward<Args>(args)...));
  }
}

struct always_true {
  template <class T>
  bool operator()(const T&) const noexcept {
    return true;
  }
};

// What `f.field(...)` of CAF 1.x gives back. `visit` does the inspection's work on it. A fallback
// is never needed: every field travels.

template <class T, class Invariant = always_true>
class value_field {
 public:
  explicit value_field(T& value, Invariant invariant = {})
      : value_(&value), invariant_(std::move(invariant)) {}

  template <class Fallback>
  value_field fallback(const Fallback&) {
    return *this;
  }
  template <class Predicate>
  auto invariant(Predicate predicate) {
    return value_field<T, Predicate>(*value_, std::move(predicate));
  }

  template <class Inspector>
  bool visit(Inspector& f) {
    if constexpr (Inspector::mode == inspect_mode::look) {
      return f.template visit_type<std::remove_const_t<T>>();
    } else {
      return f.visit(*value_) && static_cast<bool>(invariant_(*value_));
    }
  }

 private:
  T* value_;
  Invariant invariant_;
};

/// A field behind a function that reads it and one that sets it.
template <class Get, class Set, class Invariant = always_true>
class virtual_field {
 public:
  virtual_field(Get get, Set set, Invariant invariant = {})
      : get_(std::move(get)), set_(std::move(set)), invariant_(std::move(invariant)) {}

  template <class Fallback>
  virtual_field fallback(const Fallback&) {
    return *this;
  }
  template <class Predicate>
  auto invariant(Predicate predicate) {
    return virtual_field<Get, Set, Predicate>(get_, set_, std::move(predicate));
  }

  template <class Inspector>
  bool visit(Inspector& f) {
    using value_type = std::decay_t<std::invoke_result_t<Get&>>;
    if constexpr (Inspector::mode == inspect_mode::look) {
      return f.template visit_type<value_type>();
    } else if constexpr (Inspector::mode == inspect_mode::save) {
      const value_type& value = get_();
      return invariant_(value) && f.visit(value);
    } else {
      value_type value{};
      return f.visit(value) && invariant_(value) && went_well(set_, std::move(value));
    }
  }

 private:
  Get get_;
  Set set_;
  Invariant invariant_;
};

/// A field that may be absent, behind four functions.
template <class Has, class Get, class Reset, class Set>
class optional_field {
 public:
  optional_field(Has has, Get get, Reset reset, Set set)
      : has_(std::move(has)),
        get_(std::move(get)),
        reset_(std::move(reset)),
        set_(std::move(set)) {}

  template <class Inspector>
  bool visit(Inspector& f) {
    std::optional<std::decay_t<std::invoke_result_t<Get&>>> value;
    if constexpr (Inspector::mode == inspect_mode::look) {
      return f.template visit_type<decltype(value)>();
    } else if constexpr (Inspector::mode == inspect_mode::save) {
      if (has_()) value.emplace(get_());
      return f.visit(value);
    } else {
      if (!f.visit(value)) return false;
      return value ? went_well(set_, std::move(*value)) : went_well(reset_);
    }
  }

 private:
  Has has_;
  Get get_;
  Reset reset_;
  Set set_;
};

}  // namespace bulkhead::detail
