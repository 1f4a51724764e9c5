#include <algorithm>
#include <bulkhead/detail/call_server_core.hpp>
#include <chrono>
#include <cstring>
#include <future>

#include "core/calls/call_frame.hpp"
#include "pipe_state.hpp"
#include "waiting.hpp"

namespace bulkhead::detail {
namespace {

using std::chrono::steady_clock;

bool is_late(const core::request_head& head) {
  return head.deadline_ns != 0 &&
         steady_clock::now() >=
             steady_clock::time_point(std::chrono::nanoseconds(head.deadline_ns));
}

class flag_break final : public wait_break {
 public:
  explicit flag_break(const std::atomic<bool>* flag) noexcept : flag_(flag) {}
  // Acquire: who sees it sees why it was set.
  [[nodiscard]] bool is_due() const noexcept override {
    return flag_ != nullptr && flag_->load(std::memory_order_acquire);
  }

 private:
  const std::atomic<bool>* flag_;
};

}  // namespace

std::error_code take_request(const pipe_core& from, patience how_long, pipe_message& out,
                             call_origin& whose, const std::atomic<bool>* over) {
  if (from.state() == nullptr) return errc::not_initialised;
  const flag_break flag(over);
  const time_limit until(how_long);
  for (;;) {
    const status s = from.state()->take_or(&flag, until.left(), out);
    if (s == errc::peer_restarted) continue;
    if (s.failed() || out.locked == nullptr) return s.code();
    core::request_head head;
    if (out.bytes.size() < sizeof head) return from.report_corrupt();
    std::memcpy(&head, out.bytes.data(), sizeof head);
    if (!is_late(head)) {
      whose = {head.generation, head.slot, head.asker};
      return {};
    }
    from.finish(out);
  }
}

void write_reply_head(std::byte* to, const call_origin& whose, bool thrown) noexcept {
  const core::reply_head head{whose.generation, whose.slot, whose.asker,
                              thrown ? core::reply_head::thrown : core::reply_head::value, 0};
  std::memcpy(to, &head, sizeof head);
}

std::error_code send_reply_copy(const pipe_core& to, std::span<const std::byte> bytes,
                                const std::vector<std::uint64_t>* names, patience how_long) {
  if (names != nullptr) return to.send_naming(bytes, *names, how_long);
  return to.send_pieces({}, bytes, how_long);
}

std::error_code send_exception(const pipe_core& to, const call_origin& whose, patience how_long) {
  return send_reply(to, whose, record_exception(), true, how_long);
}

void break_promise(const pipe_core& to, const call_origin& whose) noexcept {
  try {
    try {
      throw std::system_error(std::make_error_code(std::future_errc::broken_promise),
                              "the server dropped the request");
    } catch (...) {
      static_cast<void>(send_exception(to, whose, patience::forever()));
    }
  } catch (const std::exception&) {  // no memory: the asker waits for its deadline
  }
}

}  // namespace bulkhead::detail
