#include <bulkhead/process.hpp>
#include <csignal>

#include "process_state.hpp"

namespace bulkhead {

process::process(std::shared_ptr<detail::process_state> state, bool owns) noexcept
    : state_(std::move(state)), owns_(owns) {}

process::process(process&& other) noexcept
    : state_(std::move(other.state_)), owns_(std::exchange(other.owns_, false)) {}

process& process::operator=(process&& other) noexcept {
  if (this != &other) {
    end_owned();
    state_ = std::move(other.state_);
    owns_ = std::exchange(other.owns_, false);
  }
  return *this;
}

process::~process() { end_owned(); }

// Ask, wait, kill. The child may end by itself at any point: then the requests find nobody, and the
// waits return at once. On the runtime's thread nothing is waited for: its end is told there.
void process::end_owned() noexcept {
  if (!std::exchange(owns_, false) || state_ == nullptr) return;
  const shutdown_rule rule = state_->shutdown().resolved(child_kind::worker);
  try {
    if (rule.how() != shutdown_rule::kind::brutal_kill) {
      state_->request_stop();
      const bool is_patient = rule.how() == shutdown_rule::kind::infinity;
      if (state_->is_told_here()) {
        if (!is_patient)
          state_->kill_after(std::chrono::ceil<std::chrono::milliseconds>(rule.time()));
        return;
      }
      if (is_patient) {
        state_->join();
        return;
      }
      if (state_->join_until(std::chrono::steady_clock::now() + rule.time())) return;
    }
    state_->signal(SIGKILL);
    if (!state_->is_told_here()) state_->join();
  } catch (const std::exception&) {
    // The keeper is gone, or the runtime, and every child with it.
  }
}

namespace {

detail::process_state& some(const std::shared_ptr<detail::process_state>& state) {
  if (state == nullptr) throw error(errc::stale_incarnation, "this process handle is empty");
  return *state;
}

}  // namespace

pid_t process::id() const { return some(state_).pid(); }
const std::string& process::name() const { return some(state_).name(); }
std::uint64_t process::incarnation() const { return some(state_).incarnation(); }
std::uint64_t process::child_id() const { return some(state_).child_id(); }
process process::only(std::uint64_t incarnation) const {
  return {detail::process_state::only(some(state_), incarnation), false};
}
bool process::running() const { return some(state_).pid() != 0; }
exit_status process::join() const { return some(state_).join(); }
std::optional<exit_status> process::join_until(
    std::chrono::steady_clock::time_point deadline) const {
  return some(state_).join_until(deadline);
}
void process::request_stop() const { some(state_).request_stop(); }
void process::terminate() const { signal(SIGTERM); }
void process::kill() const { signal(SIGKILL); }
void process::signal(int number) const { some(state_).signal(number); }
int process::pidfd() const { return some(state_).open().release(); }

}  // namespace bulkhead
