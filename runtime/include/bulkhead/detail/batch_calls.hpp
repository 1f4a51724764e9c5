#pragma once

#include <bulkhead/delivery.hpp>
#include <bulkhead/detail/time_left.hpp>
#include <chrono>
#include <system_error>
#include <utility>
#include <vector>

namespace bulkhead::detail {

/// The batches that `queue<T>` and `queue_sender<T>` send, by their calls for one message.
template <class Self, class T>
class send_batch_calls {
 public:
  /// Sends the values of a range one after the other. @returns how many were sent: all, but with an
  /// error_code set.
  template <class Range>
  std::size_t send_batch(const Range& values) const {
    std::error_code none;
    return send_each(values, none, [&](const T& value) {
      self().send(value);
      return true;
    });
  }
  template <class Range>
  std::size_t send_batch(const Range& values, std::error_code& ec) const {
    return send_each(values, ec, [&](const T& value) {
      self().send(value, ec);
      return true;
    });
  }
  /// Sends as many as there is room for now, from the first one on. @returns how many.
  template <class Range>
  std::size_t try_send_batch(const Range& values) const {
    std::error_code none;
    return send_each(values, none, [&](const T& value) { return self().try_send(value); });
  }
  template <class Range>
  std::size_t try_send_batch(const Range& values, std::error_code& ec) const {
    return send_each(values, ec, [&](const T& value) { return self().try_send(value, ec); });
  }
  /// Sends as many as find room in that time, which is all of theirs. @returns how many.
  template <class Range, class Rep, class Period>
  std::size_t send_batch_for(const Range& values, std::chrono::duration<Rep, Period> time) const {
    const time_left left(time);
    std::error_code none;
    return send_each(values, none, [&](const T& value) { return self().send_for(value, left()); });
  }
  template <class Range, class Rep, class Period>
  std::size_t send_batch_for(const Range& values, std::chrono::duration<Rep, Period> time,
                             std::error_code& ec) const {
    const time_left left(time);
    return send_each(values, ec,
                     [&](const T& value) { return self().send_for(value, left(), ec); });
  }

  friend bool operator==(const send_batch_calls&, const send_batch_calls&) noexcept { return true; }

 private:
  [[nodiscard]] const Self& self() const noexcept { return static_cast<const Self&>(*this); }
  template <class Range, class Send>
  static std::size_t send_each(const Range& values, std::error_code& ec, Send send) {
    std::size_t count = 0;
    ec.clear();  // also where there are no values
    for (const T& value : values) {
      if (!send(value) || ec) break;
      ++count;
    }
    return count;
  }
};

/// The batches that are taken from `queue<T>`, by its calls for one message.
template <class Self, class T>
class take_batch_calls {
 public:
  /// Takes what waits, up to `max` messages, and waits for the first one only. What is behind it,
  /// an end or an error, is the next call's to tell.
  std::vector<delivery<T>> take_batch(std::size_t max) const {
    if (max == 0) return {};
    return with_those_behind(self().take(), max);
  }
  std::vector<delivery<T>> take_batch(std::size_t max, std::error_code& ec) const {
    ec.clear();
    if (max == 0) return {};
    return with_those_behind(self().take(ec), max);
  }
  /// @returns none when none waits.
  std::vector<delivery<T>> try_take_batch(std::size_t max) const {
    if (max == 0) return {};
    return with_those_behind(self().try_take(), max);
  }
  std::vector<delivery<T>> try_take_batch(std::size_t max, std::error_code& ec) const {
    ec.clear();
    if (max == 0) return {};
    return with_those_behind(self().try_take(ec), max);
  }
  /// @returns none when none came in that time.
  template <class Rep, class Period>
  std::vector<delivery<T>> take_batch_for(std::size_t max,
                                          std::chrono::duration<Rep, Period> time) const {
    if (max == 0) return {};
    return with_those_behind(self().take_for(time), max);
  }
  template <class Rep, class Period>
  std::vector<delivery<T>> take_batch_for(std::size_t max, std::chrono::duration<Rep, Period> time,
                                          std::error_code& ec) const {
    ec.clear();
    if (max == 0) return {};
    return with_those_behind(self().take_for(time, ec), max);
  }

  friend bool operator==(const take_batch_calls&, const take_batch_calls&) noexcept { return true; }

 private:
  [[nodiscard]] const Self& self() const noexcept { return static_cast<const Self&>(*this); }
  std::vector<delivery<T>> with_those_behind(delivery<T> d, std::size_t max) const {
    std::vector<delivery<T>> all;
    std::error_code untold;
    while (d) {
      all.push_back(std::move(d));
      if (all.size() == max) break;
      d = self().try_take(untold);
    }
    return all;
  }
};

}  // namespace bulkhead::detail
