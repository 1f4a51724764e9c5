#include "served_end.hpp"

#include <chrono>
#include <limits>
#include <thread>

namespace bulkhead::actors::detail {

using bulkhead::detail::patience;

namespace {

using clock = std::chrono::steady_clock;

// How long none of them may be taken.
constexpr std::chrono::seconds settle_patience{2};
constexpr std::chrono::milliseconds room_looks{1};
constexpr std::size_t no_bound = std::numeric_limits<std::size_t>::max();

}  // namespace

// Of a request that was taken, so there are as many as the actor was given: the reader stops at
// some bytes of them.
void served_end::answer(const bulkhead::detail::call_origin& whose, std::vector<std::byte> bytes,
                        std::unique_ptr<departing_names> names) {
  bulkhead::detail::write_reply_head(bytes.data(), whose, false);
  static_cast<void>(answers_.put(letter(std::move(bytes), std::move(names)), no_bound));
  flush();
  if (answers_.holds()) call();
}

// What can never be sent has nobody to hear of it: the lane is at its end, or a reply to a dead
// asker.
bool served_end::flush() {
  return answers_.flush([&](letter& next) {
    const auto ec = next.body.send(lane_, patience::none());
    return ec != errc::full && ec != errc::timed_out;
  });
}

// Not with the lock held: others may answer meanwhile. An asker that is stopped takes none.
void served_end::settle() {
  auto end = clock::now() + settle_patience;
  while (answers_.holds() && clock::now() < end) {
    if (flush()) {
      end = clock::now() + settle_patience;
    } else {
      std::this_thread::sleep_for(room_looks);
    }
  }
}

void served_end::tell_end(const caf::error& why) {
  {
    const std::lock_guard lock(mutex_);
    reason_ = why;
  }
  ended_.store(true, std::memory_order_release);
  stop();
}

caf::error served_end::reason() const {
  const std::lock_guard lock(mutex_);
  return reason_;
}

}  // namespace bulkhead::actors::detail
