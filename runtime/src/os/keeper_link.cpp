#include "os/keeper_link.hpp"

#include <poll.h>

#include <limits>

#include "os/system_failure.hpp"

namespace bulkhead::os {
namespace {

constexpr int repeats_max = 8;  // of one request, which may be what kills the keepers

// A failure's code is an errc, or an errno with a minus sign.
[[noreturn]] void throw_failure(const datagram& answer) {
  control::failure why;
  if (!answer.read(why)) why.text = "the keeper refused, and its reason is unreadable";
  const std::int32_t code = answer.head.error;
  if (code > 0) throw error(make_error_code(static_cast<errc>(code)), why.text);
  throw error(std::error_code(-code, std::system_category()), why.text);
}

}  // namespace

bool line_source::is_gone(const channel& line) {
  pollfd look{line.fd(), POLLRDHUP, 0};
  return ::poll(&look, 1, 0) == 1;
}

void keeper_link::throw_gone() const {
  if (is_over_.load()) {
    throw error(make_error_code(errc::runtime_gone),
                "its runtime, and with it the keeper, is gone");
  }
  throw error(make_error_code(when_gone_), when_gone_ == errc::peer_crashed
                                               ? "the keeper of this program's processes is gone"
                                               : "the publisher's keeper is gone");
}

void keeper_link::throw_garbage() {
  throw error(make_error_code(errc::corrupt), "the keeper's reply is no reply to what was asked");
}

// @returns false: the keeper is gone.
bool keeper_link::ask_once(control::header head, std::span<const std::byte> body,
                           std::span<const int> descriptors, datagram& answer) {
  if (const std::error_code failed = line_.send_bytes(head, body, descriptors)) {
    if (failed == std::errc::broken_pipe || failed == std::errc::connection_reset) return false;
    throw error(failed, "sending a request to the keeper");
  }
  switch (line_.receive_until(answer)) {
    case receive_result::received:
      return true;
    case receive_result::garbage:
      if (answer.lost_descriptors && answer.head.in_memfd != 0) {
        throw error(make_error_code(std::errc::too_many_files_open),
                    "receiving the keeper's reply, which is long");
      }
      // Whoever asked for descriptors sees that they are not there.
      if (answer.lost_descriptors) {
        answer.descriptors.clear();
        return true;
      }
      throw_garbage();
    default:
      return false;
  }
}

std::int32_t keeper_link::next_number() noexcept {
  last_number_ = last_number_ == std::numeric_limits<std::int32_t>::max() ? 1 : last_number_ + 1;
  return last_number_;
}

// Who waits for the lock meanwhile finds the new line. What is thrown leaves by a handler, so that
// the lock is free by then: a child's last words need it, and where its function lets an exception
// pass no frame is left behind before they are said (call_outermost).
datagram keeper_link::exchange(control::kind kind, std::span<const std::byte> body,
                               std::span<const int> descriptors) {
  datagram answer;
  try {
    const std::lock_guard lock(mutex_);
    const control::header head{kind, 0, next_number()};
    for (int n = 0; !ask_once(head, body, descriptors, answer); ++n) {
      if (source_ == nullptr || is_over_.load() || n == repeats_max) throw_gone();
      take_next_line();
    }
  } catch (...) {
    throw;
  }
  if (answer.head.error != 0) throw_failure(answer);
  if (answer.head.kind != kind) throw_garbage();
  return answer;
}

void keeper_link::renew_if_gone() {
  const std::lock_guard lock(mutex_);
  if (source_ == nullptr || is_over_.load()) return;
  if (source_->is_gone(line_)) take_next_line();
}

unique_fd keeper_link::duplicate_line() {
  const std::lock_guard lock(line_mutex_);
  return line_.duplicate();
}

void keeper_link::take_next_line() {
  channel line = source_->next();
  const std::lock_guard lock(line_mutex_);
  line_ = std::move(line);
  if (is_over_.load()) line_.shut_down();
}

void keeper_link::shut_down() noexcept {
  const std::lock_guard lock(line_mutex_);
  is_over_.store(true);
  line_.shut_down();
}

receive_result next_event(channel& events, child_event& out, deadline until) {
  datagram event;
  const receive_result result = events.receive_until(event, until);
  if (result != receive_result::received) return result;
  out.what = event.head.kind;
  const bool known = out.what == control::kind::exited || out.what == control::kind::entered ||
                     out.what == control::kind::ready || out.what == control::kind::hung ||
                     out.what == control::kind::waiting;
  if (!known || !event.read(out.event)) return receive_result::garbage;
  return receive_result::received;
}

}  // namespace bulkhead::os
