#include <bulkhead/detail/async_process.hpp>

#include "process_state.hpp"
#include "runtime_state.hpp"

namespace bulkhead::detail {

async_home process_step::home() const {
  return child_ != nullptr ? home_of(*child_) : home_of_nobody();
}

std::vector<async_source> process_step::sources() const {
  async_source end;
  end.child = child_;
  return {end};
}

bool process_step::attempt(std::error_code& ec) {
  if (child_ == nullptr) {
    ec = errc::stale_incarnation;
    return true;
  }
  if (ec = child_->why_in_vain(); ec) return true;
  auto status = child_->join_until({});
  if (status) status_ = std::move(*status);
  return status.has_value();
}

}  // namespace bulkhead::detail
