#pragma once

#include <bulkhead/detail/pipe_core.hpp>
#include <bulkhead/detail/pipe_message.hpp>
#include <bulkhead/detail/pipe_run.hpp>
#include <bulkhead/detail/time_left.hpp>
#include <chrono>
#include <iterator>
#include <system_error>
#include <vector>

namespace bulkhead::detail {

/// The batches of `pipe_end`: many messages with fewer looks at the other side than so many calls.
template <class End, class Out, class In>
class pipe_batch_calls {
 public:
  /// Sends all of a range, waiting as `send` does. @returns how many were sent: all, but with an
  /// error_code set.
  template <class Range>
  std::size_t send_batch(const Range& range) const {
    return told(sending, [&](std::error_code& ec) { return send_batch(range, ec); });
  }
  template <class Range>
  std::size_t send_batch(const Range& range, std::error_code& ec) const {
    return put_all(
        range, [] { return patience::forever(); }, ec);
  }
  /// Sends as many as there is room for now, from the first one on. @returns how many.
  /// @errors too_large: the next one goes in pieces only, for which one has to wait.
  template <class Range>
  std::size_t try_send_batch(const Range& range) const {
    return told(sending, [&](std::error_code& ec) { return try_send_batch(range, ec); });
  }
  template <class Range>
  std::size_t try_send_batch(const Range& range, std::error_code& ec) const {
    return put_all(
        range, [] { return patience::none(); }, ec);
  }
  /// Sends as many as find room in that time, which is all of theirs. @returns how many.
  template <class Range, class Rep, class Period>
  std::size_t send_batch_for(const Range& range, std::chrono::duration<Rep, Period> time) const {
    return told(sending, [&](std::error_code& ec) { return send_batch_for(range, time, ec); });
  }
  template <class Range, class Rep, class Period>
  std::size_t send_batch_for(const Range& range, std::chrono::duration<Rep, Period> time,
                             std::error_code& ec) const {
    const time_left left(time);
    return put_all(
        range, [&] { return patience::lasting(left()); }, ec);
  }

  /// Waits for a message, then takes those that are there. @returns 1 to `max` messages; none with
  /// an error_code set.
  std::vector<In> receive_batch(std::size_t max) const {
    return told(receiving, [&](std::error_code& ec) { return receive_batch(max, ec); });
  }
  std::vector<In> receive_batch(std::size_t max, std::error_code& ec) const {
    return all_of(max, patience::forever(), ec);
  }
  /// The same into a vector of yours, whose memory is used again. @returns how many.
  std::size_t receive_batch(std::size_t max, std::vector<In>& values, std::error_code& ec) const {
    values.clear();
    get_many(max, values, patience::forever(), ec);
    return values.size();
  }
  /// @returns those that are there, up to `max`; perhaps none.
  std::vector<In> try_receive_batch(std::size_t max) const {
    return told(receiving, [&](std::error_code& ec) { return try_receive_batch(max, ec); });
  }
  std::vector<In> try_receive_batch(std::size_t max, std::error_code& ec) const {
    return all_of(max, patience::none(), ec);
  }
  /// @returns none when none came in that time.
  template <class Rep, class Period>
  std::vector<In> receive_batch_for(std::size_t max,
                                    std::chrono::duration<Rep, Period> time) const {
    return told(receiving, [&](std::error_code& ec) { return receive_batch_for(max, time, ec); });
  }
  template <class Rep, class Period>
  std::vector<In> receive_batch_for(std::size_t max, std::chrono::duration<Rep, Period> time,
                                    std::error_code& ec) const {
    return all_of(max, patience::lasting(time), ec);
  }

 private:
  static constexpr const char* sending = "sending to";
  static constexpr const char* receiving = "receiving from";

  [[nodiscard]] const pipe_core& core() const noexcept {
    return static_cast<const End&>(*this).core();
  }
  // What a form with an error_code gives, for the one that throws.
  template <class Form>
  auto told(const char* doing, Form form) const {
    std::error_code ec;
    auto result = form(ec);
    core().check(ec, doing);
    return result;
  }
  // Where there was no room, or nothing, in time, that is no error.
  static std::error_code error_in(const std::error_code& result, patience how_long) {
    const bool may_be_nothing = how_long.how != patience::kind::forever;
    return may_be_nothing && is_nothing(result) ? std::error_code() : result;
  }
  template <class Range, class Patience>
  std::size_t put_all(const Range& range, Patience how_long, std::error_code& ec) const {
    if (ec) ec.clear();
    std::size_t count = 0;
    auto next = std::begin(range);
    const auto end = std::end(range);
    while (next != end) {
      run_result run;
      if constexpr (is_slotted<Out>) run = send_run<Out>(core().ports().out, next, end);
      count += run.count;
      if (run.how == fast::done) continue;
      if (run.how == fast::heed) {
        if (ec = core().after_send(); ec) return count;
        continue;
      }
      const patience wait = how_long();
      if (const auto sent = send_slowly(core(), static_cast<const Out&>(*next), wait)) {
        ec = error_in(sent, wait);
        return count;
      }
      ++next;
      ++count;
    }
    return count;
  }
  std::vector<In> all_of(std::size_t max, patience how_long, std::error_code& ec) const {
    std::vector<In> values;
    get_many(max, values, how_long, ec);
    return values;
  }
  void get_many(std::size_t max, std::vector<In>& values, patience how_long,
                std::error_code& ec) const {
    if (ec) ec.clear();
    if (max == 0) return;
    if constexpr (is_slotted<In>) {
      const auto run = receive_run<In>(core().ports().in, max, how_long.may_wait(), values);
      if (run.how == fast::heed) core().after_receive();
      if (run.count != 0) return;
    }
    if (const auto got = receive_slowly(core(), values.emplace_back(), how_long, true)) {
      ec = error_in(got, how_long);
      return values.pop_back();
    }
    // Whatever else follows is for the next call to tell.
    while (values.size() < max) {
      if (receive_slowly(core(), values.emplace_back(), patience::none(), false)) {
        return values.pop_back();
      }
    }
  }
};

}  // namespace bulkhead::detail
