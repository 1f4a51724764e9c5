#pragma once

#include <bulkhead/message.hpp>
#include <memory>
#include <vector>

#include "os/child_context.hpp"

namespace bulkhead::detail {

class pipe_state;
class process_context;
class queue_state;

/// The queues and pipe ends that came with a process's arguments, by index. Keeps them.
class given_endpoints final : public endpoint_source {
 public:
  given_endpoints(process_context& context, std::vector<os::child_context::endpoint>& endpoints);
  std::uint64_t endpoint(std::uint64_t index) override;

 private:
  std::vector<std::shared_ptr<queue_state>> queues_;
  std::vector<std::shared_ptr<pipe_state>> ends_;
  std::vector<std::uint64_t> ids_;
};

}  // namespace bulkhead::detail
