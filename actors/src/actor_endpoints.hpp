#pragma once

#include <bulkhead/detail/codec.hpp>

namespace bulkhead::actors::detail {

class system_state;

/// The endpoints that a message or an argument names, together with the system whose actors are to
/// talk through them.
class actor_endpoints final : public bulkhead::detail::endpoint_source {
 public:
  actor_endpoints(bulkhead::detail::endpoint_source& from, system_state& state,
                  bool are_arguments = false)
      : from_(&from), state_(&state), are_arguments_(are_arguments) {}

  std::uint64_t endpoint(std::uint64_t said) override { return from_->endpoint(said); }
  bulkhead::detail::process_context* context() override { return from_->context(); }
  /// True where the next incarnation of this process gets the same.
  [[nodiscard]] bool are_arguments() const noexcept { return are_arguments_; }
  [[nodiscard]] system_state& state() const noexcept { return *state_; }

 private:
  bulkhead::detail::endpoint_source* from_;
  system_state* state_;
  bool are_arguments_;
};

}  // namespace bulkhead::actors::detail
