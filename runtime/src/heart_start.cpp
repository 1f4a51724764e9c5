#include "heart_start.hpp"

#include <boost/asio/post.hpp>

#include "heart.hpp"
#include "process_context.hpp"
#include "runtime_state.hpp"

namespace bulkhead::detail {

process_heart* give_heart(os::child_context& start, process_context& context) {
  if (!start.pulse) return nullptr;
  const os::unique_fd segment = std::move(start.pulse);
  // Until the process ends: its last threads may still beat.
  auto* const heart = new process_heart(os::pulse_memory(segment.get()),
                                        std::chrono::nanoseconds(start.patience_ns));
  context.show_to(*heart);
  return heart;
}

void start_heart(process_heart* heart, const std::shared_ptr<runtime_state>& rt) {
  if (heart == nullptr) return;
  heart->start([to = std::weak_ptr(rt)](std::function<void()> question) {
    if (const auto there = to.lock()) boost::asio::post(there->loop(), std::move(question));
  });
}

}  // namespace bulkhead::detail
