#include "keeper_mailbox.hpp"

#include <sys/resource.h>
#include <bulkhead/errc.hpp>
#include <cerrno>

#include "process_context.hpp"

namespace bulkhead::detail {

namespace control = os::control;

namespace {

rlim_t descriptors_max() noexcept {
  rlimit limit{};
  return ::getrlimit(RLIMIT_NOFILE, &limit) == 0 ? limit.rlim_cur : RLIM_INFINITY;
}

}  // namespace

std::vector<os::unique_fd> keeper_mailbox::borrow() {
  context_->check_usable();
  std::vector<os::unique_fd> got;
  context_->keeper().ask<control::done>(control::kind::lend, control::mailbox_named{id_}, &got);
  require_all_three(got, "a queue or pipe");
  return got;
}

// Who cannot be rung hears it from the clock: those that wait look again by themselves.
void keeper_mailbox::ring(int which) noexcept {
  if (!context_->usable()) return;
  try {
    context_->keeper().ask<control::done>(
        control::kind::ring, control::bell_named{id_, static_cast<std::uint32_t>(which)});
  } catch (const std::exception&) {
  }
}

void require_all_three(const std::vector<os::unique_fd>& got, const std::string& mailbox) {
  if (got.size() == 3) return;
  throw error(std::error_code(EMFILE, std::system_category()),
              "joining " + mailbox +
                  ": it needs three descriptors for a moment, and this process, "
                  "which may have " +
                  std::to_string(descriptors_max()) +
                  ", has none free; close some or raise its limit (RLIMIT_NOFILE, ulimit -n)");
}

// The numbers that come are the lowest that are free.
void part_where_short(os::mailbox_descriptors& its, process_context& context, std::uint64_t id) {
  if (static_cast<rlim_t>(its.segment()) < descriptors_max() / 2) return;
  its.part_with(std::make_unique<keeper_mailbox>(context, id));
}

}  // namespace bulkhead::detail
