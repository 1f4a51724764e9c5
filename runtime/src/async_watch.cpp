#include "async_watch.hpp"

#include "core/parked_set.hpp"
#include "event_stream.hpp"
#include "pipe_state.hpp"
#include "process_context.hpp"
#include "process_state.hpp"
#include "queue_state.hpp"

namespace bulkhead::detail {
namespace {

core::parked_set sleepers_of(const queue_state& queue, bool sending) {
  return {queue.view(), sending ? core::side::senders : core::side::receivers};
}

int bell_of(const async_source& source) {
  if (const auto queue = source.queue.lock()) return queue->bell(source.sending());
  if (const auto pipe = source.pipe.lock()) return pipe->bell();
  if (const auto child = source.child.lock()) return child->bell();
  if (const auto events = source.events.lock()) return events->bell();
  return source.descriptor;
}

}  // namespace

async_watch::async_watch(std::vector<async_source> what, std::uint64_t name)
    : id(name), sources(std::move(what)) {
  for (const async_source& source : sources) {
    const int bell = bell_of(source);
    if (bell >= 0) bells.push_back(os::duplicate(bell));
  }
}

void async_watch::announce() const {
  for (const async_source& source : sources) {
    if (source.joining) continue;
    if (const auto queue = source.queue.lock()) {
      sleepers_of(*queue, source.sending()).announce_bell();
      queue->context().heavy_barrier();
    } else if (const auto pipe = source.pipe.lock()) {
      pipe->announce_bell(source.sending());
      pipe->context().heavy_barrier();
    }
  }
}

bool async_watch::is_orphaned() const {
  for (const async_source& source : sources) {
    if (!source.queue.expired() || !source.pipe.expired() || !source.child.expired() ||
        !source.events.expired()) {
      return false;
    }
  }
  return true;
}

void async_watch::count(int by) const noexcept {
  if (!together) return;
  const async_source& source = sources.front();
  const auto add = static_cast<std::uint32_t>(by);
  const auto at = static_cast<std::size_t>(source.line);
  if (const auto queue = source.queue.lock()) queue->async_waiting[at] += add;
  if (const auto pipe = source.pipe.lock()) pipe->async_waiting[at] += add;
  if (const auto events = source.events.lock()) events->async_waiting += add;
}

}  // namespace bulkhead::detail
