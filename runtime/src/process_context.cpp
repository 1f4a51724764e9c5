#include "process_context.hpp"

#include "heart.hpp"
#include "keeper_mailbox.hpp"
#include "os/futex.hpp"
#include "os/keeper/request.hpp"
#include "pipe_state.hpp"
#include "queue_state.hpp"

namespace bulkhead::detail {

namespace control = os::control;

process_context::process_context(identity who, os::unique_fd line, os::unique_fd directory)
    : who_(std::move(who)),
      incarnation_(who_.incarnation),
      platform_(os::make_platform()),
      link_(std::move(line)),
      directory_(std::move(directory)),
      stop_(&directory_->at(who_.entry).stop) {}

process_context::process_context(identity who, os::channel line,
                                 std::shared_ptr<process_context> home, std::uint64_t tree)
    : who_(std::move(who)),
      incarnation_(who_.incarnation),
      platform_(os::make_platform()),
      link_(std::move(line), errc::owner_gone),
      home_(std::move(home)),
      tree_(tree),
      stop_(home_->stop_) {
  if (home_->heart_ != nullptr) show_to(*home_->heart_);
}

// The keeper of another tree sees that we have left. Whoever watches our own ends with it.
process_context::~process_context() {
  if (home_ != nullptr && in_original_process()) link_.shut_down();
}

void process_context::show_to(process_heart& heart) noexcept {
  heart_ = &heart;
  platform_.heart = &heart;
}

errc process_context::why_unusable() const noexcept {
  return in_original_process() ? ended_.load(std::memory_order_acquire) : errc::not_initialised;
}

void process_context::check_usable() const {
  if (usable()) return;
  if (!in_original_process()) {
    throw error(errc::not_initialised, "this is a forked copy of process '" + who_.name +
                                           "': only the original may use its runtime");
  }
  throw error(why_unusable(), "using a queue or pipe of another program");
}

// First the word that every step looks at, then the wake-ups: who slept looks at it after them.
void process_context::end(errc why) noexcept {
  if (!usable()) return;
  ended_.store(why, std::memory_order_release);
  guard_.lift();
  rouse();
}

void process_context::rouse() noexcept {
  std::vector<std::shared_ptr<queue_state>> there;
  std::vector<std::shared_ptr<pipe_state>> ends;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [id, known] : queues_) {
      if (auto state = known.state.lock()) there.push_back(std::move(state));
    }
    for (const auto& [name, end] : ends_) {
      if (auto state = end.lock()) ends.push_back(std::move(state));
    }
  }
  for (const auto& state : there) state->rouse();
  for (const auto& end : ends) end->rouse();
}

void process_context::wait_for_stop(os::deadline until) const { os::futex_wait(*stop_, 0, until); }

std::shared_ptr<queue_state> process_context::known(const control::queue_reply& reply,
                                                    std::vector<os::unique_fd>& descriptors) {
  const std::lock_guard lock(mutex_);
  return known_locked(reply, descriptors);
}

std::shared_ptr<queue_state> process_context::known_locked(
    const control::queue_reply& reply, std::vector<os::unique_fd>& descriptors) {
  require_all_three(descriptors, "queue '" + reply.name + "'");
  os::unique_fd bells[2] = {std::move(descriptors[1]), std::move(descriptors[2])};
  return adopt_locked(reply.queue, reply.name, std::move(descriptors.front()), bells, false);
}

std::shared_ptr<queue_state> process_context::adopt(std::uint64_t queue, std::string name,
                                                    os::unique_fd segment,
                                                    os::unique_fd (&bells)[2]) {
  const std::lock_guard lock(mutex_);
  return adopt_locked(queue, std::move(name), std::move(segment), bells);
}

namespace {

/// What all handles to a queue share.
struct queue_handle {
  std::shared_ptr<queue_state> state;
  explicit queue_handle(std::shared_ptr<queue_state> of) noexcept : state(std::move(of)) {}
  queue_handle(const queue_handle&) = delete;
  queue_handle& operator=(const queue_handle&) = delete;
  ~queue_handle() { queue_state::abandon(std::move(state)); }
};

}  // namespace

// A queue without handles whose deliveries are not settled gets handles again.
std::shared_ptr<queue_state> process_context::handle_to(known_queue& queue) {
  if (auto there = queue.handle.lock()) return there;
  const auto state = queue.state.lock();
  if (state == nullptr) return nullptr;
  const auto shared = std::make_shared<queue_handle>(state);
  std::shared_ptr<queue_state> handle(shared, state.get());
  queue.handle = handle;
  return handle;
}

std::shared_ptr<queue_state> process_context::adopt_locked(std::uint64_t queue, std::string name,
                                                           os::unique_fd segment,
                                                           os::unique_fd (&bells)[2],
                                                           bool is_given) {
  auto& entry = queues_[queue];
  if (auto there = handle_to(entry)) return there;
  auto memory = std::make_unique<os::queue_memory>(std::move(segment), platform_);
  memory->kept().set_bells(std::move(bells[0]), std::move(bells[1]));
  if (!is_given) part_where_short(memory->kept(), *this, queue);
  const auto state =
      std::make_shared<queue_state>(shared_from_this(), queue, std::move(name), std::move(memory));
  entry.state = state;
  return handle_to(entry);
}

std::shared_ptr<queue_state> process_context::make_queue(const control::make_queue& wanted) {
  check_usable();
  std::vector<os::unique_fd> descriptors;
  const auto reply =
      link_.ask<control::queue_reply>(control::kind::make_queue, wanted, &descriptors);
  try {
    return known(reply, descriptors);
  } catch (...) {
    leave_queue(reply.queue);
    throw;
  }
}

// Under the lock, for the reason that `open_queue` has.
std::shared_ptr<queue_state> process_context::dead_letters_of(std::uint64_t queue,
                                                              std::uint64_t fingerprint) {
  check_usable();
  const std::lock_guard lock(mutex_);
  std::vector<os::unique_fd> descriptors;
  const auto reply = link_.ask<control::queue_reply>(
      control::kind::dead_letters, control::dead_letters_of{queue, fingerprint}, &descriptors);
  return known_locked(reply, descriptors);
}

std::shared_ptr<queue_state> process_context::find(std::uint64_t queue) {
  const std::lock_guard lock(mutex_);
  const auto there = queues_.find(queue);
  return there == queues_.end() ? nullptr : handle_to(there->second);
}

// Under the lock all the while: another thread may just drop the last handle, and its `leave_queue`
// must not come between our `open_queue` and the new handle.
std::shared_ptr<queue_state> process_context::open_queue(std::uint64_t named, std::error_code& ec) {
  const std::uint64_t queue = named & ~sender_mark;
  const std::lock_guard lock(mutex_);
  const auto there = queues_.find(queue);
  // The keeper must know of each sender.
  if (there != queues_.end() && named == queue) {
    if (auto known = handle_to(there->second)) return known;
  }
  try {
    std::vector<os::unique_fd> descriptors;
    const auto reply = link_.ask<control::queue_reply>(control::kind::open_queue,
                                                       control::queue_named{named}, &descriptors);
    try {
      return known_locked(reply, descriptors);
    } catch (...) {
      leave_queue(queue);  // the keeper counts us as one of its holders by now
      throw;
    }
  } catch (const std::system_error& failure) {
    ec = failure.code();
  } catch (const std::bad_alloc&) {
    ec = std::make_error_code(std::errc::not_enough_memory);
  }
  return nullptr;
}

std::vector<std::shared_ptr<pipe_state>> process_context::ends_in(
    std::span<const std::uint64_t> names) {
  std::vector<std::shared_ptr<pipe_state>> ends;
  for (const std::uint64_t name : names) {
    if ((name & pipe_mark) == 0 || (name & sender_mark) != 0) continue;
    if (auto end = find_end(name)) ends.push_back(std::move(end));
  }
  return ends;
}

namespace {

/// A code alone says too little of what cannot travel, and the calls in between have no more.
struct refused_names {
  std::uint64_t carrier = 0;
  std::error_code code;
  std::string sentence;
};
thread_local refused_names last_refusal;

}  // namespace

std::string process_context::take_refusal(std::uint64_t carrier, const std::error_code& code) {
  const refused_names last = std::exchange(last_refusal, {});
  if (last.sentence.empty() || last.carrier != carrier || last.code != code) return {};
  return " (" + last.sentence + ")";
}

// Shut here before the keeper gives them to others: two processes at one end would spoil the ring.
std::error_code process_context::carry(const control::carry& messages) {
  std::vector<std::shared_ptr<pipe_state>> gone;
  std::error_code failed;
  last_refusal = {};
  for (const control::carried& message : messages.messages) {
    for (auto& end : ends_in(message.queues)) {
      if (!failed) failed = end->depart().code();
      if (!failed) gone.push_back(std::move(end));
    }
  }
  try {
    if (!failed) link_.ask<control::done>(control::kind::carry, messages);
  } catch (const std::system_error& failure) {
    failed = failure.code();
    last_refusal = {messages.queue, failed, os::sentence_of(failure)};
  }
  for (const auto& end : gone) {
    if (failed) end->come_back();
  }
  return failed;
}

void process_context::take_back(const control::carry& messages,
                                std::span<const std::uint64_t> names) {
  if (carry(messages)) return;
  for (const auto& end : ends_in(names)) end->come_back();
}

std::shared_ptr<pipe_state> process_context::claim_end(std::uint64_t end, std::error_code& ec) {
  try {
    std::vector<os::unique_fd> descriptors;
    const auto reply = link_.ask<control::end_reply>(control::kind::claim_end,
                                                     control::end_named{end}, &descriptors);
    return add_end(end, reply.name, map_pipe(descriptors, reply.name, end));
  } catch (const std::system_error& failure) {
    ec = failure.code();
  } catch (const std::bad_alloc&) {
    ec = std::make_error_code(std::errc::not_enough_memory);
  }
  return nullptr;
}

std::optional<control::seat_reply> process_context::join_queue(std::uint64_t queue,
                                                               std::error_code& ec) {
  try {
    return link_.ask<control::seat_reply>(control::kind::join_queue, control::queue_named{queue});
  } catch (const std::system_error& failure) {
    ec = failure.code();
    return std::nullopt;
  }
}

std::pair<std::shared_ptr<pipe_state>, std::shared_ptr<pipe_state>> process_context::make_pipe(
    const control::make_pipe& wanted) {
  check_usable();
  std::vector<os::unique_fd> descriptors;
  const auto reply = link_.ask<control::pipe_reply>(control::kind::make_pipe, wanted, &descriptors);
  try {
    const auto memory = map_pipe(descriptors, wanted.name, reply.pipe);
    auto first = add_end(reply.pipe, wanted.name, memory);
    return {std::move(first), add_end(reply.pipe | 1, wanted.name, memory)};
  } catch (...) {
    leave_end(reply.pipe);
    leave_end(reply.pipe | 1);
    throw;
  }
}

std::shared_ptr<os::pipe_memory> process_context::map_pipe(std::vector<os::unique_fd>& descriptors,
                                                           const std::string& name,
                                                           std::uint64_t end) {
  require_all_three(descriptors, "pipe '" + name + "'");
  os::pipe_descriptors parts{std::move(descriptors[0]),
                             {std::move(descriptors[1]), std::move(descriptors[2])}};
  auto memory = std::make_shared<os::pipe_memory>(std::move(parts), platform_);
  part_where_short(memory->kept(), *this, end);
  return memory;
}

std::shared_ptr<os::pipe_memory> process_context::map_end(os::unique_fd segment,
                                                          os::unique_fd (&bells)[2]) {
  os::pipe_descriptors parts{std::move(segment), {std::move(bells[0]), std::move(bells[1])}};
  return std::make_shared<os::pipe_memory>(std::move(parts), platform_);
}

std::shared_ptr<pipe_state> process_context::add_end(std::uint64_t end, std::string name,
                                                     std::shared_ptr<os::pipe_memory> memory) {
  auto state =
      std::make_shared<pipe_state>(shared_from_this(), end, std::move(name), std::move(memory));
  const std::lock_guard lock(mutex_);
  ends_[end] = state;
  return state;
}

std::shared_ptr<pipe_state> process_context::find_end(std::uint64_t end) {
  const std::lock_guard lock(mutex_);
  const auto there = ends_.find(end);
  return there == ends_.end() ? nullptr : there->second.lock();
}

control::peer_reply process_context::peer_of(std::uint64_t end) {
  return link_.ask<control::peer_reply>(control::kind::ask_peer, control::end_named{end});
}

void process_context::leave_end(std::uint64_t end) noexcept {
  if (!usable()) return;
  {
    const std::lock_guard lock(mutex_);
    const auto there = ends_.find(end);
    if (there != ends_.end() && there->second.expired()) ends_.erase(there);
  }
  try {
    link_.ask<control::done>(control::kind::leave_end, control::end_named{end});
  } catch (const std::exception&) {
    // The keeper is gone, and its pipes with it.
  }
}

std::vector<control::seat_holder> process_context::holders_of(std::uint64_t queue) {
  return link_.ask<control::holders_reply>(control::kind::holders, control::queue_named{queue})
      .holders;
}

void process_context::bury(const control::used_up& message) noexcept {
  try {
    link_.ask<control::done>(control::kind::used_up, message);
  } catch (const std::exception&) {
    // The keeper is gone, and its queues with it.
  }
}

void process_context::announce_deadline(std::uint64_t queue) noexcept {
  try {
    link_.ask<control::done>(control::kind::deadline, control::queue_named{queue});
  } catch (const std::exception&) {
    // The keeper is gone, and its queues with it.
  }
}

// Between the last handle's end and this call another thread may have made a new handle: then the
// process holds the queue still.
void process_context::queue_let_go(std::uint64_t queue) noexcept {
  if (!usable()) return;
  const std::lock_guard lock(mutex_);
  const auto there = queues_.find(queue);
  if (there != queues_.end() && !there->second.state.expired()) return;
  queues_.erase(queue);
  leave_queue(queue);
}

void process_context::leave_queue(std::uint64_t queue) noexcept {
  try {
    link_.ask<control::done>(control::kind::leave_queue, control::queue_named{queue});
  } catch (const std::exception&) {
    // The keeper is gone, and its queues with it.
  }
}

}  // namespace bulkhead::detail
