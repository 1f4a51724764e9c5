#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <bit>
#include <bulkhead/errc.hpp>
#include <cstring>

#include "os/function_name.hpp"
#include "os/keeper/estate.hpp"
#include "os/keeper/forked_child.hpp"
#include "os/keeper/request.hpp"
#include "os/keeper/tree.hpp"
#include "os/system_failure.hpp"

namespace bulkhead::os {
namespace {

using detail::endpoints_max;
// Of what is started again without asking, and so is kept meanwhile.
constexpr std::size_t kept_arguments_max = 4096;

bool may_be_kept(const control::spawn& wanted) noexcept {
  return wanted.may_follow && wanted.resume_key != 0 && !wanted.is_spare &&
         wanted.arguments.size() <= kept_arguments_max;
}

}  // namespace

// What is loaded here stays loaded.
const void* tree::find(const control::function_name& name) {
  const auto known = functions_.find({name.build_id, name.offset});
  if (known != functions_.end()) return known->second;
  const void* const found = find_function(name);
  constexpr std::size_t most = 4096;  // a program has so many entries; a child might make them up
  if (found != nullptr && functions_.size() < most) {
    functions_.emplace(std::pair(name.build_id, name.offset), found);
  }
  return found;
}

// Everything that can fail without a process is done before there is one. A spare gets its seats
// and pipe ends later.
child_context tree::prepare(const control::spawn& wanted, const participant& child,
                            const claimant& giver, pipe_grants& grants) {
  child_context context;
  context.serial = child.who.serial;
  context.entry = child.entry;
  context.incarnation = wanted.incarnation;
  context.name = wanted.name;
  context.prepare = find(wanted.prepare);
  context.function = find(wanted.entry);
  context.target = find(wanted.target);
  context.setup = wanted.setup;
  if ((context.function == nullptr) != child.is_command) throw garbage{};
  context.fingerprint = wanted.fingerprint;
  if (wanted.watch) context.patience_ns = wanted.watch->patience_ns;
  context.arguments = wanted.arguments;
  for (const std::uint64_t id : wanted.endpoints) {
    queues_.check_ours(id);
    child_context::endpoint& e = context.endpoints.emplace_back();
    const bool is_pipe = (id & control::pipe_bit) != 0;
    e.queue = is_pipe ? id : id & ~detail::sender_mark;
    e.name = is_pipe ? pipes_.at(id).name : queues_.at(e.queue).name();
    if (!wanted.is_spare) take_endpoint(id, child.who, wanted.name, giver, grants, e);
  }
  return context;
}

void tree::take_endpoint(std::uint64_t id, const claimant& who, const std::string& name,
                         const claimant& giver, pipe_grants& grants, child_context::endpoint& out) {
  if ((id & control::pipe_bit) != 0) {
    grants.push_back(pipes_.pass(id, {who, name}, giver));
    return;
  }
  const auto seat = queues_.at(id & ~detail::sender_mark).join(who);
  out.seat = seat.seat;
  out.epoch = seat.epoch;
  out.sent_before = seat.sent_before;
}

// What a group keeps need not be kept again by limits of the process: an address space says too
// much of a program that reserves some, and root is not held to a number of processes.
void tree::make_group(participant& child, child_context& context) {
  if (!context.setup || (!context.setup->memory_bytes && !context.setup->processes)) return;
  control::process_setup& setup = *context.setup;
  // For what a function's process is before its function; `new` is to fail first.
  constexpr std::uint64_t headroom = std::uint64_t{8} << 20;
  std::optional<std::uint64_t> memory = setup.memory_bytes;
  if (memory && !child.is_command) *memory += headroom;
  if (!std::exchange(uses_groups_, true)) groups_->sweep();
  child.group = groups_->make(child.who.serial, memory, setup.processes);
  context.group = child.group;
  if (setup.processes && groups_->processes()) {
    setup.processes.reset();
  } else if (setup.processes && ::geteuid() == 0) {
    throw error(make_error_code(errc::unsupported),
                "limits.processes: the kernel does not hold root to RLIMIT_NPROC, and there is no "
                "control group: " +
                    groups_->processes().folder);
  }
  if (setup.memory_bytes && child.is_command && groups_->memory()) setup.memory_bytes.reset();
}

// @returns how many descriptors come with a setup.
std::size_t tree::descriptors_of(const std::optional<control::process_setup>& setup) noexcept {
  if (!setup) return 0;
  return static_cast<std::size_t>(std::popcount(setup->streams)) + (setup->directory ? 1 : 0);
}

void tree::undo_joins(const std::vector<std::uint64_t>& endpoints, std::uint32_t serial,
                      const pipe_grants& grants) noexcept {
  for (const auto& given : grants) pipes_.undo(given);
  for (const std::uint64_t named : endpoints) {
    const std::uint64_t id = named & ~detail::sender_mark;
    if ((id & control::pipe_bit) != 0 || queues_.find(id) == nullptr) continue;
    queue_record& queue = queues_.at(id);
    queue.seats.die(serial);
    queue.holders.erase(serial);
    queue.touched = true;
  }
}

namespace {

/// The numbers of the keeper's descriptors, lent to what is to be a process.
class lent_descriptors {
 public:
  explicit lent_descriptors(child_context& to) noexcept : to_(&to) {}
  lent_descriptors(const lent_descriptors&) = delete;
  lent_descriptors& operator=(const lent_descriptors&) = delete;
  ~lent_descriptors() {
    static_cast<void>(to_->pulse.release());
    static_cast<void>(to_->standby.release());
    for (child_context::endpoint& e : to_->endpoints) {
      static_cast<void>(e.segment.release());
      for (unique_fd& bell : e.bells) static_cast<void>(bell.release());
    }
  }

 private:
  child_context* to_;
};

}  // namespace

void tree::lend_descriptors(child_context& context, const own_descriptors& own) {
  context.pulse = unique_fd(own.pulse.get());
  context.standby = unique_fd(own.standby.get());
  for (child_context::endpoint& e : context.endpoints) {
    if ((e.queue & control::pipe_bit) != 0) {
      const pipe_memory& memory = *pipes_.at(e.queue).memory;
      e.segment = unique_fd(memory.fd());
      for (int n = 0; n < 2; ++n) e.bells[n] = unique_fd(memory.view().bells[n]);
      continue;
    }
    queue_record& queue = queues_.at(e.queue);
    e.segment = unique_fd(queue.memory().fd());
    for (int n = 0; n < 2; ++n) e.bells[n] = unique_fd(queue.view().bells[n]);
  }
}

// In the child: what the keeper has stays where it is, unused and undestroyed; the numbers of the
// descriptors are the child's own. @returns false: errno says why.
bool tree::fork_child(participant& child, child_context& context) {
  auto [ours, its] = channel::make_pair();
  const pid_t keeper = ::getpid();
  child.pid = ::fork();
  if (child.pid == 0) {
    // First of all it says that it is there, for the next keeper, which waits for its end; or it
    // ends.
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != keeper) ::_exit(0);
    ledger::begin_life(ledger_->fd(), context.entry, context.serial);
    context.control = its.take();
    context.directory = unique_fd(directory_.fd());
    become_child(std::move(context), descriptors_, run_child_);
  }
  if (child.pid < 0) return false;
  child.control = std::move(ours);
  // Nobody but this thread reaps it, so the number is still its own.
  child.pidfd.reset(static_cast<int>(::syscall(SYS_pidfd_open, child.pid, 0)));
  return true;
}

void tree::launch(participant& child, child_context& context, const pipe_grants& grants,
                  const own_descriptors& own) {
  for (const auto& given : grants) pipes_.resume(given);
  const lent_descriptors lent(context);
  lend_descriptors(context, own);
  const auto begun = clock::now();
  const bool is_there = begin_reserve(child, context);
  if (is_there || fork_child(child, context)) {
    if (!is_there) fork_took_ = clock::now() - begun;
    if (!child.is_command) plan_reserve();
    return;
  }
  const int failure = errno;
  throw error(make_error_code(errc::start_failed),
              "forking '" + child.name + "': " + std::strerror(failure));
}

// These endpoints are the process's own now.
void tree::confirm_endpoints(const participant& child, const std::vector<std::uint64_t>& endpoints,
                             const pipe_grants& grants) {
  for (const auto& given : grants) pipes_.confirm(given, child.pid);
  for (const std::uint64_t id : endpoints) {
    if ((id & detail::sender_mark) == 0) continue;
    queue_record& queue = queues_.at(id & ~detail::sender_mark);
    queue.senders.give(child.who);
  }
}

estate::child_note tree::note_of_child(const claimant& who,
                                       const std::vector<std::uint64_t>& endpoints) {
  estate::child_note note{who, {}};
  for (const std::uint64_t id : endpoints) {
    if ((id & detail::sender_mark) != 0) note.sends_to.push_back(id & ~detail::sender_mark);
  }
  return note;
}

// Written down before it is there, so that the next keeper settles what it may have done.
void tree::expect_child(const participant& owner, const participant& child,
                        const control::spawn& wanted) {
  ledger_->put({estate::of_child, 0, child.who.serial, 0},
               child.spare != nullptr ? estate::child_note{child.who, {}}
                                      : note_of_child(child.who, wanted.endpoints));
  note_answer(owner, control::kind::spawn, control::spawn_reply{child.who.serial, 0});
  commit();
}

// A process as its owner wants it. @errors what keeps it from being there; then nothing is left.
participant& tree::start_child(participant& owner, const control::spawn& wanted,
                               std::vector<unique_fd> descriptors) {
  if (owner.children + owner.events.waiting() >= event_box::events_max) {
    throw error(make_error_code(errc::start_failed),
                "'" + owner.name + "' has 32768 children whose ends it has not read");
  }
  participant child;
  child.who = {++last_serial_, owner.who.serial, wanted.is_spare ? 0 : wanted.resume_key};
  child.name = wanted.name;
  if (wanted.setup) {
    child.is_command = !wanted.setup->command.empty();
    child.inherits = wanted.setup->inherits;
    child.has_cpu_limit = wanted.setup->cpu_seconds.has_value();
  }
  child.entry = directory_.take(child.who.serial);
  pipe_grants grants;
  own_descriptors own;
  try {
    child_context context = prepare(wanted, child, owner.who, grants);
    make_spare(child, wanted, own.standby);
    make_group(child, context);
    context.streams_and_directory = std::move(descriptors);
    watch(child, wanted, own.pulse);
    expect_child(owner, child, wanted);
    launch(child, context, grants, own);
  } catch (...) {
    groups_->remove(child.group);
    if (!wanted.is_spare) undo_joins(wanted.endpoints, child.who.serial, grants);
    watched_.remove(child.who.serial);
    ledger_->erase({estate::of_child, 0, child.who.serial, 0});
    directory_.give_back(child.entry);
    throw;
  }
  ++owner.children;
  if (!wanted.is_spare) confirm_endpoints(child, wanted.endpoints, grants);
  directory_.set_pid(child.entry, child.pid);
  const std::uint32_t serial = child.who.serial;
  by_pid_.emplace(child.pid, serial);
  participant& added = participants_.emplace(serial, std::move(child)).first->second;
  try {
    if (!added.pidfd) throw_last_error("opening the pidfd of '" + wanted.name + "'");
    poller_.add_reader(added.control.fd(), {poller::what::control, serial});
  } catch (...) {
    // Its owner hears that it did not start, and may start another.
    ::kill(added.pid, SIGKILL);
    throw;
  }
  return added;
}

void tree::spawn(participant& p, datagram& request) {
  auto wanted = body_of<control::spawn>(request);
  if (wanted.endpoints.size() > endpoints_max ||
      descriptors_of(wanted.setup) != request.descriptors.size() ||
      (wanted.setup && wanted.setup->streams > 7)) {
    throw garbage{};
  }
  // It stays as it came: nothing of it is taken up but the descriptors.
  const bool is_kept = may_be_kept(wanted) && request.descriptors.empty();
  std::int32_t pid = 0;
  std::uint32_t serial = 0;
  try {
    participant& child = start_child(p, wanted, std::move(request.descriptors));
    pid = child.pid;
    serial = child.who.serial;
    if (is_kept) child.start = std::make_unique<control::spawn>(std::move(wanted));
  } catch (...) {
    ledger_->erase({estate::of_answer, 0, p.who.serial, 0});
    throw;
  }
  reply(p, request.head.kind, control::spawn_reply{serial, pid});
}

}  // namespace bulkhead::os
