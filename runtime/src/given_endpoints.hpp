#pragma once

#include <bulkhead/message.hpp>
#include <memory>
#include <vector>

#include "os/child_context.hpp"

namespace bulkhead::os {
class pipe_memory;
}

namespace bulkhead::detail {

class pipe_state;
class process_context;
class queue_state;

/// The queues and pipe ends that came with a process's arguments, by index. Keeps them.
class given_endpoints final : public endpoint_source {
 public:
  /// Maps them. @errors std::system_error; bulkhead::error errc::corrupt.
  given_endpoints(process_context& context, std::vector<os::child_context::endpoint> endpoints);
  /// Takes the seats that the keeper gave, and the pipe ends as they are now. Once, before
  /// anything else is done with them.
  void take_up();
  /// A seat that came later. @limits n is a queue; before `take_up`.
  void set_seat(std::size_t n, std::uint32_t seat, std::uint32_t epoch, std::uint64_t sent_before);
  [[nodiscard]] std::size_t size() const noexcept { return all_.size(); }
  std::uint64_t endpoint(std::uint64_t index) override;

 private:
  struct kept {
    os::child_context::endpoint given;
    std::shared_ptr<queue_state> queue;
    std::shared_ptr<os::pipe_memory> pipe;  // until it is taken up
    std::shared_ptr<pipe_state> end;
  };
  process_context* context_;
  std::vector<kept> all_;
};

}  // namespace bulkhead::detail
