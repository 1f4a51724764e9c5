#pragma once

#include <cstdint>
#include <memory>

#include "os/far_mailbox.hpp"
#include "os/mailbox_descriptors.hpp"

namespace bulkhead::detail {

class process_context;

/// A mailbox whose descriptors this process leaves to the keeper.
class keeper_mailbox final : public os::far_mailbox {
 public:
  /// @limits id: a queue's, or a pipe end's of this process. @owns `context` outlives it.
  keeper_mailbox(process_context& context, std::uint64_t id) noexcept
      : context_(&context), id_(id) {}

  [[nodiscard]] std::vector<os::unique_fd> borrow() override;
  void ring(int which) noexcept override;

 private:
  process_context* context_;
  std::uint64_t id_;
};

/// Makes sure that the three descriptors of a mailbox came.
/// @errors bulkhead::error: they did not come, because this process has none free.
void require_all_three(const std::vector<os::unique_fd>& got, const std::string& mailbox);

/// Where this process has used up half of the descriptors that it may have, it keeps those of
/// another mailbox no more.
void part_where_short(os::mailbox_descriptors& its, process_context& context, std::uint64_t id);

}  // namespace bulkhead::detail
