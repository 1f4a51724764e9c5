#include "os/keeper/tree.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/random.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <bulkhead/errc.hpp>
#include <limits>

#include "os/coarse_clock.hpp"
#include "os/keeper/estate.hpp"
#include "os/keeper/sweep.hpp"

namespace bulkhead::os {
namespace {

using namespace std::chrono_literals;

constexpr std::uint32_t host_serial = 1;
constexpr auto greeting_patience = 10s;
constexpr int again_ms = 200;
constexpr auto end_patience = 2s;

// Drawn, so that the names of one tree's queues are none in another.
std::uint64_t draw_name() {
  std::uint64_t name = 0;
  while (name == 0 && ::getrandom(&name, sizeof name, 0) < 0 && errno == EINTR) {
  }
  return name;
}

constexpr std::uint64_t first_id(std::uint64_t tree) {
  constexpr std::uint64_t mask = (std::uint64_t{1} << control::tree_bits) - 1;
  return (tree & mask) << control::count_bits;
}

}  // namespace

tree::tree(std::vector<unique_fd> inherited, unique_fd child_signals, rlimit descriptors,
           child_main run_child)
    : os_(make_platform()),
      name_(draw_name()),
      descriptors_(descriptors),
      run_child_(run_child),
      inherited_(std::move(inherited)),
      child_signals_(std::move(child_signals)),
      pipes_(os_, first_id(name_)),
      queues_(os_, pipes_, first_id(name_)) {
  participant& p = participants_[host_serial];
  p.who.serial = last_serial_ = host_serial;
  p.name = "host";
  p.control = channel(std::move(inherited_.front()));
  p.entry = directory_.take(host_serial);
  queues_.set_checkpoint([this] { commit(); });
  poller_.add_reader(child_signals_.get(), {poller::what::children, 0});
}

// The host's pidfd was inherited, so that no other process that got its number can be taken for it;
// and what another keeper left, if there was one.
bool tree::greet() {
  participant& host = participants_.at(host_serial);
  datagram request;
  const auto until = std::chrono::steady_clock::now() + greeting_patience;
  if (host.control.receive_until(request, until) != receive_result::received) return false;
  control::hello words;
  const std::size_t count = inherited_.size();
  if (request.head.kind != control::kind::hello || !request.read(words) ||
      (count != 2 && count != 4)) {
    return false;
  }
  host.pid = static_cast<pid_t>(words.pid);
  host.pidfd = std::move(inherited_[1]);
  if (const int threads = count_threads(); threads > 1) {
    const control::failure why{"the copy of this program that was to become the keeper has " +
                               std::to_string(threads) +
                               " threads when it calls bulkhead::init; start none before it"};
    static_cast<void>(host.control.send(control::kind::hello, why, {},
                                        static_cast<std::int32_t>(errc::unsupported)));
    return false;
  }
  vault_end_ = vault_.open();
  groups_.emplace(control_group_prefix(host.pid, name_));
  if (count == 4) {
    channel last(std::move(inherited_[3]));
    auto left = read_deposits(last);
    if (!left) return false;
    keep_directory(*left);
    take_over(std::move(inherited_[2]), std::move(*left));
  } else {
    deposits none;
    keep_directory(none);
    ledger_.emplace();
  }
  inherited_.clear();
  welcome_host(host);
  return true;
}

// Children begin where the first keeper did, wherever the host has gone since.
void tree::keep_directory(deposits& left) {
  const auto had = left.extract({estate::of_tree, 0});
  if (!had.empty() && had.mapped().size() == 1) {
    beginning_ = std::move(had.mapped().front());
    static_cast<void>(!::fchdir(beginning_.get()));
    return;
  }
  beginning_.reset(::open(".", O_PATH | O_DIRECTORY | O_CLOEXEC));
  const int descriptors[] = {beginning_.get()};
  if (beginning_) vault_.put(estate::of_tree, 0, descriptors);
}

void tree::welcome_host(participant& host) {
  directory_.set_pid(host.entry, host.pid);
  poller_.add_reader(host.pidfd.get(), {poller::what::host, host_serial});
  poller_.add_reader(host.control.fd(), {poller::what::control, host_serial});
  reply(host, control::kind::hello,
        control::hello_reply{static_cast<std::uint32_t>(::getpid()), host_serial, host.entry,
                             last_serial_ + 1},
        std::span<const int>({directory_.fd(), ledger_->fd(), vault_end_.get()}));
  vault_end_.reset();
}

void tree::run() {
  if (!greet()) return;
  for (;;) {
    const auto woken = poller_.wait(look_again_ms());
    for (const poller::wake& wake : woken) {
      if (dispatch(wake) == verdict::end) return end_everything();
    }
    look_again();
    if (woken.empty() && reserve_at_ && clock::now() >= *reserve_at_) make_reserve();
    commit();
  }
}

// What nobody tells us about: that the dead letters have room again, that a message is settled,
// that somebody at the door has been silent for too long.
int tree::look_again_ms() const noexcept {
  std::int64_t left = std::numeric_limits<int>::max();
  const std::int64_t endless = left;
  if (queues_.any_stuck() || queues_.any_only_carried() || doors_closed_ || vault_.is_blocked()) {
    left = again_ms;
  }
  constexpr std::int64_t groups_again_ms = 10;
  if (groups_->is_waiting()) left = std::min(left, groups_again_ms);
  const auto until = [](auto moment) {
    return std::chrono::ceil<std::chrono::milliseconds>(moment - publications::clock::now())
        .count();
  };
  if (const auto next = publications_.next_deadline()) left = std::min(left, until(*next));
  if (const auto next = watched_.next_look()) left = std::min(left, until(*next));
  if (reserve_at_) left = std::min(left, until(*reserve_at_));
  if (const std::uint64_t next = queues_.next_deadline_ms(); next != core::timekeeper::never) {
    left = std::min(left, static_cast<std::int64_t>(next - clock_ms()));
  }
  return left == endless ? -1 : static_cast<int>(std::max<std::int64_t>(left, 0));
}

void tree::look_again() {
  if (publications_.next_deadline()) publications_.drop_silent(publications::clock::now());
  if (doors_closed_ && !publications_.full()) open_doors();
  queues_.look_at_deadlines(clock_ms());
  judge_watched();
  vault_.flush();
  if (groups_->is_waiting()) groups_->look_again();
  if (vault_.is_untidy()) tidy_vault();
  if (queues_.any_stuck()) queues_.bury_stuck();
  const auto now = std::chrono::steady_clock::now();
  if (queues_.any_only_carried() && now >= next_look_) {
    next_look_ = now + std::chrono::milliseconds(again_ms);
    queues_.drop_unreachable();
  }
  settle_ends();
}

tree::verdict tree::dispatch(const poller::wake& wake) {
  switch (wake.kind) {
    case poller::what::host:
      return verdict::end;
    case poller::what::children:
      reap_ended();
      heed_stopped();
      return verdict::serve;
    case poller::what::control:
      return listen(wake.serial);
    case poller::what::attached:
      bury_attached(wake.serial);
      return verdict::serve;
    case poller::what::publication:
      welcome(wake.serial);
      return verdict::serve;
    case poller::what::handshake:
      shake_hands(wake.serial);
      return verdict::serve;
    case poller::what::events:
      break;
  }
  const auto found = participants_.find(wake.serial);
  if (found == participants_.end()) return verdict::serve;
  poller_.remove(found->second.events.fd());
  found->second.events.flush();
  watch_events(found->second);
  return verdict::serve;
}

tree::verdict tree::listen(std::uint32_t serial) {
  const auto found = participants_.find(serial);
  if (found == participants_.end()) return verdict::serve;
  participant& p = found->second;
  datagram request;
  switch (p.control.receive(request)) {
    case receive_result::received:
      serving_ = request.head.error;
      serve(p, request);
      serving_ = 0;
      return verdict::serve;
    case receive_result::nothing:
      return verdict::serve;
    case receive_result::garbage:
      if (request.lost_descriptors) {
        refuse_for_want_of_descriptors(p, request);
        return verdict::serve;
      }
      punish(p, "it sent the keeper a datagram that is none");
      return verdict::serve;
    case receive_result::ended:
      break;
  }
  // The host hung up: its runtime was destroyed, and the tree goes with it. A child may have closed
  // its line, or has ended.
  if (serial == host_serial) return verdict::end;
  hang_up(p);
  // A command that does not keep its line has been executed, or failed to and said so.
  if (p.is_command && !p.inherits && !p.words) announce(p, control::kind::entered);
  if (p.attached) part_from(p);
  return verdict::serve;
}

void tree::hang_up(participant& p) noexcept {
  if (!p.control) return;
  poller_.remove(p.control.fd());
  p.control.close();
}

void tree::punish(participant& p, const std::string& fault) {
  hang_up(p);
  p.fault = fault;
  if (p.who.serial == host_serial || p.attached) return;  // it sees its line closed
  ::syscall(SYS_pidfd_send_signal, p.pidfd.get(), SIGKILL, nullptr, 0);
}

// The kernel lets go of a group some time after its last process.
void tree::remove_groups() noexcept {
  for (const auto& [serial, p] : participants_) groups_->remove(p.group);
  const auto until = std::chrono::steady_clock::now() + end_patience;
  while (!groups_->look_again() && std::chrono::steady_clock::now() < until) {
    ::poll(nullptr, 0, 2);
  }
}

void tree::end_everything() noexcept {
  publications_.clear();
  for (const auto& [serial, p] : participants_) {
    if (serial != host_serial && !p.attached) {
      ::syscall(SYS_pidfd_send_signal, p.pidfd.get(), SIGKILL, nullptr, 0);
    }
  }
  sweep_children(std::chrono::steady_clock::now() + end_patience);
  if (groups_) remove_groups();
}

}  // namespace bulkhead::os
