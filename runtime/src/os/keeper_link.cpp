#include "os/keeper_link.hpp"

namespace bulkhead::os {
namespace {

// A failure's code is an errc, or an errno with a minus sign.
[[noreturn]] void throw_failure(const datagram& answer) {
  control::failure why;
  if (!answer.read(why)) why.text = "the keeper refused, and its reason is unreadable";
  const std::int32_t code = answer.head.error;
  if (code > 0) throw error(make_error_code(static_cast<errc>(code)), why.text);
  throw error(std::error_code(-code, std::system_category()), why.text);
}

}  // namespace

void keeper_link::throw_gone() const {
  throw error(make_error_code(when_gone_), when_gone_ == errc::peer_crashed
                                               ? "the keeper of this program's processes is gone"
                                               : "the publisher's keeper is gone");
}

void keeper_link::throw_garbage() {
  throw error(make_error_code(errc::corrupt), "the keeper's reply is no reply to what was asked");
}

datagram keeper_link::exchange(control::kind kind, std::span<const std::byte> body,
                               std::span<const int> descriptors) {
  datagram answer;
  const std::lock_guard lock(mutex_);
  if (const std::error_code failed = line_.send_bytes({kind, 0, 0}, body, descriptors)) {
    if (failed == std::errc::broken_pipe || failed == std::errc::connection_reset) throw_gone();
    throw error(failed, "sending a request to the keeper");
  }
  switch (line_.receive_until(answer)) {
    case receive_result::received:
      break;
    case receive_result::garbage:
      throw_garbage();
    default:
      throw_gone();
  }
  if (answer.head.error != 0) throw_failure(answer);
  if (answer.head.kind != kind) throw_garbage();
  return answer;
}

receive_result next_event(channel& events, child_event& out, deadline until) {
  datagram event;
  const receive_result result = events.receive_until(event, until);
  if (result != receive_result::received) return result;
  out.what = event.head.kind;
  const bool known = out.what == control::kind::exited || out.what == control::kind::entered ||
                     out.what == control::kind::ready;
  if (!known || !event.read(out.event)) return receive_result::garbage;
  return receive_result::received;
}

}  // namespace bulkhead::os
