#include "succession.hpp"

#include <poll.h>

#include <algorithm>
#include <bulkhead/errc.hpp>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "os/end_with_keeper.hpp"
#include "os/keeper_end.hpp"

namespace bulkhead::detail {

namespace control = os::control;

namespace {

// In a row, before we give in: both so many and for so long. Whoever kills each keeper as soon as
// it is there may go on for a while.
constexpr int attempts_least = 20;
constexpr auto time_least = std::chrono::seconds(40);
constexpr auto patience = std::chrono::seconds(10);

}  // namespace

succession::succession(os::keeper_connection& first)
    : environment_(std::move(first.environment)),
      ledger_(std::move(first.ledger)),
      vault_(std::move(first.vault)),
      keeper_(std::move(first.keeper)),
      keeper_pid_(first.greeting.keeper_pid) {}

succession::change succession::begin_next(os::channel& control) {
  const os::bequest left{ledger_.get(), vault_.get(), &environment_};
  os::keeper_connection made = os::start_keeper(patience, &left);
  vault_ = std::move(made.vault);
  keeper_ = std::move(made.keeper);
  keeper_pid_ = made.greeting.keeper_pid;
  ++generation_;
  os::datagram answer;
  const bool heard =
      !made.control.send(control::kind::subscribe, control::done{}) &&
      made.control.receive_until(answer, std::chrono::steady_clock::now() + patience) ==
          os::receive_result::received;
  if (!heard) throw error(errc::peer_crashed, "the next keeper ended before it answered");
  if (answer.head.error != 0 || answer.descriptors.size() != 1) {
    throw error(errc::corrupt, "the next keeper sent no event socket");
  }
  control = std::move(made.control);
  return {os::channel(std::move(answer.descriptors.front())), made.greeting.first_serial,
          generation_};
}

os::channel succession::next() {
  if (!guard_.stands()) {
    throw error(errc::not_initialised,
                "this is a forked copy: only the original process may use its runtime");
  }
  const std::lock_guard lock(mutex_);
  std::string why = "does not end";
  const auto give_in = std::chrono::steady_clock::now() + time_least;
  for (int n = 0; n < attempts_least || std::chrono::steady_clock::now() < give_in; ++n) {
    if (!os::end_for_sure(keeper_.get())) break;
    try {
      os::channel control;
      change_ = begin_next(control);
      return control;
    } catch (const std::exception& failure) {
      why = failure.what();
      ::poll(nullptr, 0, std::min(n * 10, 200));  // memory or processes may be short for a moment
    }
  }
  give_up(why.c_str());
}

bool succession::is_gone(const os::channel& /*line*/) {
  const std::lock_guard lock(mutex_);
  return os::has_ended(keeper_.get(), 0);
}

void succession::give_up(const char* why) const {
  std::fprintf(stderr,
               "bulkhead: the keeper (process %u) of this program is gone, and with it all "
               "children, and no other could take over (%s); the program ends with status %d\n",
               keeper_pid_, why, os::keeper_gone_code);
  std::_Exit(os::keeper_gone_code);
}

std::optional<succession::change> succession::take_change() {
  const std::lock_guard lock(mutex_);
  return std::exchange(change_, std::nullopt);
}

void succession::finish_off(std::uint64_t generation) noexcept {
  const std::lock_guard lock(mutex_);
  if (generation == generation_) os::end_for_sure(keeper_.get());
}

bool succession::wait_for_end(int timeout_ms) noexcept {
  const std::lock_guard lock(mutex_);
  return os::has_ended(keeper_.get(), timeout_ms);
}

}  // namespace bulkhead::detail
