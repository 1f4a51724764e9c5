#include "async_waits.hpp"

#include <sys/epoll.h>
#include <unistd.h>
#include <algorithm>
#include <cerrno>

#include "os/system_failure.hpp"

namespace bulkhead::detail {
namespace {

/// Ties an async_waits to its context's life.
class waits_service final : public boost::asio::execution_context::service {
 public:
  using key_type = waits_service;
  inline static boost::asio::execution_context::id id;

  explicit waits_service(boost::asio::execution_context& context)
      : service(context), waits(std::make_shared<async_waits>(context)) {}

  const std::shared_ptr<async_waits> waits;

 private:
  void shutdown() override { waits->shut_down(); }
  void notify_fork(boost::asio::execution_context::fork_event what) override {
    if (what == boost::asio::execution_context::fork_child) waits->in_forked_copy();
  }
};

constexpr int events_at_once = 32;

}  // namespace

std::shared_ptr<async_waits> async_waits::of(boost::asio::execution_context& context) {
  return boost::asio::use_service<waits_service>(context).waits;
}

// What it uses of Asio is made here, so that the context ends it after our service.
async_waits::async_waits(boost::asio::execution_context& context)
    : context_(&context), process_(::getpid()), bells_(::epoll_create1(EPOLL_CLOEXEC)) {
  if (!bells_) os::throw_last_error("making an epoll descriptor");
  rung_.emplace(in_context(context), bells_.duplicate().release());
  static_cast<void>(async_timer(in_context(context)));
}

bool async_waits::owner_less::operator()(const async_source& a,
                                         const async_source& b) const noexcept {
  if (a.line != b.line) return a.line < b.line;
  if (a.queue.owner_before(b.queue) || b.queue.owner_before(a.queue)) {
    return a.queue.owner_before(b.queue);
  }
  if (a.pipe.owner_before(b.pipe) || b.pipe.owner_before(a.pipe)) {
    return a.pipe.owner_before(b.pipe);
  }
  if (a.child.owner_before(b.child) || b.child.owner_before(a.child)) {
    return a.child.owner_before(b.child);
  }
  return a.events.owner_before(b.events);
}

std::uint64_t async_waits::new_id() {
  const lock held(mutex_);
  return ++last_id_;
}

// --- watches ---

async_waits::watch_ptr async_waits::new_watch(std::vector<async_source> sources) {
  auto watch = std::make_shared<async_watch>(std::move(sources), ++last_id_);
  for (const os::unique_fd& bell : watch->bells) {
    epoll_event event{};
    event.events = EPOLLIN | EPOLLET;
    event.data.u64 = watch->id;
    // One that cannot be waited for, a file, is ready at the first look.
    if (::epoll_ctl(bells_.get(), EPOLL_CTL_ADD, bell.get(), &event) != 0 && errno != EPERM) {
      os::throw_last_error("waiting for a descriptor");
    }
  }
  watches_.emplace(watch->id, watch);
  return watch;
}

// A line's watch stays as long as its mailbox, so that the next operation finds it.
async_waits::watch_ptr async_waits::watch_for(std::vector<async_source> sources, bool together) {
  if (!together) {
    auto watch = new_watch(std::move(sources));
    watch->together = false;
    return watch;
  }
  const async_source key = sources.front();
  const auto known = together_.find(key);
  if (known != together_.end()) return known->second;
  if (together_.size() >= sweep_at_) sweep();
  auto watch = new_watch(std::move(sources));
  together_.emplace(key, watch);
  return watch;
}

// Others may have the same bell open, so closing ours does not take it out of the set.
void async_waits::remove(const watch_ptr& watch) {
  if (watches_.erase(watch->id) == 0) return;
  if (watch->together) together_.erase(watch->sources.front());
  watch->timer.reset();
  for (const os::unique_fd& bell : watch->bells) {
    static_cast<void>(::epoll_ctl(bells_.get(), EPOLL_CTL_DEL, bell.get(), nullptr));
  }
  watch->bells.clear();
}

// Watches whose mailboxes are gone, as often as keeps the work in proportion.
void async_waits::sweep() {
  std::vector<watch_ptr> gone;
  for (const auto& [source, watch] : together_) {
    if (watch->line.empty() && !watch->looking && watch->is_orphaned()) gone.push_back(watch);
  }
  for (const watch_ptr& watch : gone) remove(watch);
  sweep_at_ = std::max<std::size_t>(16, 2 * together_.size());
}

// --- operations ---

async_waits::watch_ptr async_waits::enter(std::uint64_t id, async_operation_ptr& op,
                                          std::vector<async_source> sources, bool together) {
  const lock held(mutex_);
  if (shut_) return nullptr;
  const watch_ptr watch = watch_for(std::move(sources), together);
  watch->line.push_back({id, nullptr});
  try {
    places_.emplace(id, watch);
    arm();
  } catch (...) {
    places_.erase(id);
    watch->line.pop_back();
    throw;
  }
  watch->line.back().op = std::move(op);
  watch->count(1);
  ++waiting_;
  return watch;
}

void async_waits::begin(std::uint64_t id, async_operation_ptr op, std::vector<async_source> sources,
                        bool together) {
  watch_ptr watch;
  std::error_code failure;
  try {
    watch = enter(id, op, std::move(sources), together);
  } catch (...) {
    failure = error_of_exception();
  }
  if (failure) {
    op->end(async_error(failure));
    op.release()->complete();
  } else if (watch != nullptr) {
    look(watch, true);
  }
}

// Only after it was handed over: who finds nobody waiting may end before us.
void async_waits::leave(const async_watch& watch) {
  watch.count(-1);
  --waiting_;
}

void async_waits::cancel(std::uint64_t id) {
  lock held(mutex_);
  const auto place = places_.find(id);
  if (place == places_.end()) return;
  const watch_ptr watch = place->second;
  if (watch->trying == id) {
    watch->trying_cancelled = true;
    return;
  }
  places_.erase(place);
  const auto at = std::find_if(watch->line.begin(), watch->line.end(),
                               [id](const auto& waiting) { return waiting.id == id; });
  async_operation_ptr op = std::move(at->op);
  watch->line.erase(at);
  held.unlock();
  op->end(async_aborted());
  op.release()->complete();
  held.lock();
  leave(*watch);
  // Who was first in line may have held up others.
  if (watch->line.empty()) return settle(watch);
  held.unlock();
  look(watch, false);
}

// Tries the operations in turn until one finds nothing. Each that ends is handed over before the
// next is tried, so that they end in order.
void async_waits::serve(async_watch& watch, lock& held) {
  while (!watch.line.empty() && !shut_) {
    async_watch::waiting first = std::move(watch.line.front());
    watch.line.pop_front();
    watch.trying = first.id;
    held.unlock();
    bool over = first.op->attempt();
    held.lock();
    watch.trying = 0;
    if (std::exchange(watch.trying_cancelled, false) && !over) {
      first.op->end(async_aborted());
      over = true;
    }
    if (!over) {
      watch.line.push_front(std::move(first));
      return;
    }
    places_.erase(first.id);
    held.unlock();
    first.op.release()->complete();
    held.lock();
    leave(watch);
  }
}

// After a ring the operations are tried first: where all end, nothing need be announced. Those that
// stay are tried once more after the announcement, from which on every change rings.
void async_waits::look(const watch_ptr& watch, bool begun) {
  lock held(mutex_);
  if (shut_) return;
  if (watch->looking) {
    watch->again = true;
    return;
  }
  watch->looking = true;
  for (bool announced = begun;; announced = true) {
    watch->again = false;
    if (announced) {
      held.unlock();
      watch->announce();
      held.lock();
    }
    serve(*watch, held);
    if (watch->line.empty() || shut_) break;
    if (announced && !watch->again) break;
  }
  watch->looking = false;
  settle(watch);
}

// Afterwards: nothing that is not needed any more keeps the context busy.
void async_waits::settle(const watch_ptr& watch) {
  if (shut_) return;
  if (watch->line.empty() && !watch->looking && !watch->together) {
    remove(watch);
  } else {
    set_timer(watch);
  }
  boost::system::error_code ignored;
  if (waiting_ == 0 && armed_) rung_->cancel(ignored);
}

void async_waits::set_timer(const watch_ptr& watch) {
  auto at = async_operation::time_point::max();
  for (const auto& waiting : watch->line) at = std::min(at, waiting.op->look_again());
  if (at == async_operation::time_point::max()) {
    watch->timer.reset();
    return;
  }
  if (!watch->timer) watch->timer.emplace(in_context(*context_));
  watch->timer->expires_at(at);
  watch->timer->async_wait([self = weak_from_this(), watch](auto failure) {
    const auto here = self.lock();
    if (!failure && here != nullptr) here->look(watch, false);
  });
}

// --- bells ---

void async_waits::arm() {
  if (armed_ || shut_) return;
  armed_ = true;
  rung_->async_wait(async_descriptor::wait_read, [self = weak_from_this()](auto /*failure*/) {
    if (const auto here = self.lock()) here->heard();
  });
}

std::vector<async_waits::watch_ptr> async_waits::collect(lock& /*held*/) {
  std::vector<watch_ptr> found;
  epoll_event events[events_at_once];
  for (;;) {
    const int count = ::epoll_wait(bells_.get(), events, events_at_once, 0);
    for (int n = 0; n < count; ++n) {
      const auto watch = watches_.find(events[n].data.u64);
      if (watch != watches_.end()) found.push_back(watch->second);
    }
    if (count < events_at_once && !(count < 0 && errno == EINTR)) return found;
  }
}

void async_waits::heard() {
  lock held(mutex_);
  armed_ = false;
  if (shut_) return;
  if (::getpid() != process_) {
    held.unlock();
    return in_forked_copy();
  }
  const auto found = collect(held);
  std::size_t ours = 0;
  for (const watch_ptr& watch : found) ours += watch->line.size();
  // Others need not wait until these are done.
  if (waiting_ > ours) arm();
  held.unlock();
  for (const watch_ptr& watch : found) look(watch, false);
  held.lock();
  if (waiting_ != 0) arm();
}

// --- the end ---

void async_waits::shut_down() {
  std::map<std::uint64_t, watch_ptr> watches;
  std::vector<async_operation_ptr> dropped;
  {
    const lock held(mutex_);
    if (std::exchange(shut_, true)) return;
    watches.swap(watches_);
    together_.clear();
    places_.clear();
    for (const auto& [id, watch] : watches) {
      for (auto& waiting : watch->line) {
        watch->count(-1);
        dropped.push_back(std::move(waiting.op));
      }
      watch->line.clear();
      watch->timer.reset();
    }
    if (::getpid() == process_) {
      rung_.reset();
    } else {
      // Taking the descriptor out of the set would take it out of the original's as well.
      static_cast<void>(new std::optional<async_descriptor>(std::move(rung_)));
    }
  }
}

void async_waits::in_forked_copy() {
  std::vector<async_operation_ptr> all;
  {
    const lock held(mutex_);
    for (const auto& [id, watch] : watches_) {
      for (auto& waiting : watch->line) all.push_back(std::move(waiting.op));
      watch->line.clear();
      watch->timer.reset();
    }
    places_.clear();
    waiting_ = 0;
    // Nothing keeps the copy's loop busy any more; this leaves the sets of both as they are.
    boost::system::error_code ignored;
    if (armed_) rung_->cancel(ignored);
  }
  for (auto& op : all) {
    op->end(async_error(make_error_code(errc::not_initialised)));
    op.release()->complete();
  }
}

}  // namespace bulkhead::detail
