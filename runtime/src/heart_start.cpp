#include "heart_start.hpp"

#include <boost/asio/post.hpp>

#include "heart.hpp"
#include "process_context.hpp"
#include "runtime_state.hpp"

namespace bulkhead::detail {

void give_heart(os::child_context& start, process_context& context,
                const std::shared_ptr<runtime_state>& rt) {
  if (!start.pulse) return;
  const os::unique_fd segment = std::move(start.pulse);
  // Until the process ends: its last threads may still beat.
  auto* const heart = new process_heart(os::pulse_memory(segment.get()),
                                        std::chrono::nanoseconds(start.patience_ns));
  context.show_to(*heart);
  heart->start([to = std::weak_ptr(rt)](std::function<void()> question) {
    if (const auto there = to.lock()) boost::asio::post(there->loop(), std::move(question));
  });
}

}  // namespace bulkhead::detail
