#pragma once

#include <bulkhead/detail/codec.hpp>
#include <bulkhead/detail/message_io.hpp>
#include <bulkhead/detail/queue_core.hpp>
#include <concepts>
#include <iterator>
#include <optional>
#include <ranges>
#include <vector>

namespace bulkhead::detail {

/// Writes one value where a sink has room for it. @returns false when it has none.
template <class U>
bool write_result(result_sink& to, const U& value) {
  std::byte* room = to.next(encoded_size(value));
  if (room == nullptr) return false;
  if constexpr (!holds_endpoints<U>()) {
    encoder into(room);
    encode(into, value);
  } else {
    named_endpoints names;
    encoder into(room, &names);
    encode(into, value);
    if (!names.ids().empty()) to.carries(std::move(names.ids()));
  }
  return true;
}

/// Forwards one message and one result of fixed size by the ports. @returns false: nothing was
/// done; take the slow path.
template <class U>
[[gnu::always_inline]] inline bool forward_by_ports(queue_in_port& in, const taken& message,
                                                    const queue_core& to, const U& value) {
  queue_out_port& out = to.ports().out;
  queue_place* place = out.open(fixed_size_of<U>);
  if (place == nullptr) [[unlikely]] {
    if (!to.lend_places()) return false;
    place = out.open(fixed_size_of<U>);
    if (place == nullptr) return false;
  }
  if (!in.gate.enter()) [[unlikely]] {
    out.gate.leave();
    return false;
  }
  if (!in.record->names(out.lane) && !to.turn(in)) [[unlikely]] {
    in.leave_unchanged();
    out.gate.leave();
    return false;
  }
  encoder into(place->payload);
  encode(into, value);
  const port_forward ended = forward_inside(in, message, out, place, fixed_size_of<U>);
  if (ended == port_forward::done) [[likely]]
    return true;
  return to.heed_forwarded(in, message, ended);
}

/// The one result of a forward.
template <class U, class Value>
class single_result final : public result_source {
 public:
  // For a call that outlives what it was made of: a copy that owns what is in it, and what writes
  // that one.
  template <class>
  using of_copy = single_result<U, U>;
  using copy_type = U;
  [[nodiscard]] U copy() const {
    if constexpr (std::same_as<U, Value>) {
      return *value_;
    } else {
      return static_cast<U>(*value_);
    }
  }

  explicit single_result(const Value& value) : value_(&value) {}
  [[nodiscard]] std::size_t count() const override { return 1; }
  void write(result_sink& to) const override {
    if constexpr (std::same_as<U, Value>) {
      write_result<U>(to, *value_);
    } else {
      write_result<U>(to, static_cast<U>(*value_));
    }
  }

 private:
  const Value* value_;
};

/// Any number of results: a range, or an optional as a range of none or one.
template <class U, class Range>
class many_results final : public result_source {
 public:
  template <class Copy>
  using of_copy = many_results<U, Copy>;
  // A range need not own its values, nor a value what it shows: the copies are messages.
  using copy_type = std::vector<U>;
  [[nodiscard]] copy_type copy() const {
    copy_type all;
    for (const auto& value : *range_) all.push_back(static_cast<U>(value));
    return all;
  }

  explicit many_results(const Range& range) : range_(&range) {}
  [[nodiscard]] std::size_t count() const override {
    return static_cast<std::size_t>(std::distance(std::begin(*range_), std::end(*range_)));
  }
  void write(result_sink& to) const override {
    for (const auto& value : *range_) {
      if constexpr (std::same_as<std::ranges::range_value_t<const Range>, U>) {
        if (!write_result<U>(to, static_cast<const U&>(value))) return;
      } else {
        if (!write_result<U>(to, static_cast<U>(value))) return;
      }
    }
  }

 private:
  const Range* range_;
};

template <class U, class Value>
class optional_result final : public result_source {
 public:
  template <class>
  using of_copy = optional_result<U, U>;
  using copy_type = std::optional<U>;
  [[nodiscard]] copy_type copy() const {
    return *value_ ? copy_type(static_cast<U>(**value_)) : std::nullopt;
  }

  explicit optional_result(const std::optional<Value>& value) : value_(&value) {}
  [[nodiscard]] std::size_t count() const override { return value_->has_value() ? 1 : 0; }
  void write(result_sink& to) const override {
    if (*value_) single_result<U, Value>(**value_).write(to);
  }

 private:
  const std::optional<Value>* value_;
};

template <class T>
inline constexpr bool is_optional = false;
template <class T>
inline constexpr bool is_optional<std::optional<T>> = true;

/// Wraps what a forward was given as the results that it sends to a queue of U.
template <class U, class Result>
auto results_of(const Result& result) {
  // A message that holds a pipe end cannot be copied.
  if constexpr (std::convertible_to<const Result&, U> || std::same_as<Result, U>) {
    return single_result<U, Result>(result);
  } else if constexpr (is_optional<Result>) {
    return optional_result<U, typename Result::value_type>(result);
  } else {
    static_assert(
        std::ranges::forward_range<const Result>,
        "forward sends a value of the output queue's type, an optional or a range of such values");
    return many_results<U, Result>(result);
  }
}

/// An output of a forward with what goes there (bulkhead::to).
template <class Results>
class target {
 public:
  target(const queue_core& out, Results results) : out_(&out), results_(std::move(results)) {}
  [[nodiscard]] forward_to get() const { return {out_, &results_}; }
  [[nodiscard]] const Results& results() const noexcept { return results_; }

 private:
  const queue_core* out_;
  Results results_;
};

template <class T>
inline constexpr bool is_target = false;
template <class Results>
inline constexpr bool is_target<target<Results>> = true;

/// What a forward with outputs that `to` names is given. None would be an acknowledgement.
template <class... Targets>
concept targets = sizeof...(Targets) != 0 && (is_target<Targets> && ...);

}  // namespace bulkhead::detail
