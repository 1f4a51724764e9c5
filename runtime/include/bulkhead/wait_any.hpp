#pragma once

#include <bulkhead/pipe.hpp>
#include <bulkhead/process.hpp>
#include <bulkhead/queue.hpp>
#include <chrono>
#include <concepts>
#include <cstddef>
#include <span>

namespace bulkhead {

/// What `wait_any` returns when nothing became ready in time.
inline constexpr std::size_t npos = static_cast<std::size_t>(-1);

namespace detail {

/// One of the things that a thread waits for.
struct wait_source {
  const pipe_core* pipe = nullptr;
  const queue_core* queue = nullptr;
  const process* child = nullptr;
  int descriptor = -1;
  bool has_deadline = false;
  std::chrono::steady_clock::time_point deadline{};
};

std::size_t wait_any(patience how_long, std::span<const wait_source> sources, std::error_code& ec);

template <class Clock, class Duration>
wait_source source_at(std::chrono::time_point<Clock, Duration> when) {
  wait_source source;
  source.has_deadline = true;
  const auto left = std::chrono::duration<double>(when - Clock::now());
  // As floating point, so that a time beyond the clock's end becomes never instead of the past.
  const auto most = std::chrono::duration<double>(std::chrono::hours(24 * 365 * 100));
  source.deadline =
      std::chrono::steady_clock::now() +
      std::chrono::duration_cast<std::chrono::steady_clock::duration>(left < most ? left : most);
  return source;
}

template <class T>
concept expiring = requires(const T& timer) {
  timer.expiry();
};

template <class Out, class In>
wait_source source_of(const pipe_end<Out, In>& end) {
  return {&end.core()};
}
template <class T>
wait_source source_of(const queue<T>& q) {
  return {nullptr, &q.core()};
}
inline wait_source source_of(const process& child) { return {nullptr, nullptr, &child}; }
inline wait_source source_of(std::same_as<int> auto descriptor) {
  return {nullptr, nullptr, nullptr, descriptor};
}
template <class Clock, class Duration>
wait_source source_of(const std::chrono::time_point<Clock, Duration>& when) {
  return source_at(when);
}
template <expiring Timer>
wait_source source_of(const Timer& timer) {
  return source_at(timer.expiry());
}
// Asio's sockets and descriptors: their native_handle is not const.
template <class Io>
requires requires(Io& io) {
  { io.native_handle() } -> std::same_as<int>;
}
wait_source source_of(Io& io) { return source_of(io.native_handle()); }

}  // namespace detail

/// Waits for the first of several things, none of which it takes or changes: a pipe end or queue
/// from which a receive would return at once, with a message or an error; a process that has ended
/// for good; an Asio timer or a time point that has come; a descriptor, or an Asio socket, that can
/// be read.
/// @limits timeout: a duration; 0 only looks. A timer that is set anew meanwhile counts as it was.
/// @returns the index of the first that is ready, in the order of the arguments; `npos` when none
/// was in that time. Another thread or process may take what was there.
/// @errors stop_requested: this process was asked to stop. not_initialised: in a forked copy of a
/// process, or an empty end, queue or process. runtime_gone: of a process that nobody will tell the
/// end of. EBADF: a descriptor that is not open.
/// @threads any. Costs a few system calls where it has to wait.
template <class Rep, class Period, class... Sources>
std::size_t wait_any(std::error_code& ec, std::chrono::duration<Rep, Period> timeout,
                     Sources&&... sources) {
  const detail::wait_source all[] = {detail::source_of(sources)...};
  const bool waits = timeout > std::chrono::duration<Rep, Period>::zero();
  return detail::wait_any(waits ? detail::patience::lasting(timeout) : detail::patience::none(),
                          all, ec);
}
template <class Rep, class Period, class... Sources>
std::size_t wait_any(std::chrono::duration<Rep, Period> timeout, Sources&&... sources) {
  std::error_code ec;
  const std::size_t index = wait_any(ec, timeout, sources...);
  if (ec) throw error(ec, "waiting for one of several things");
  return index;
}

}  // namespace bulkhead
