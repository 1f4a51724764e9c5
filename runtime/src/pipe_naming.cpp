#include <algorithm>
#include <cstring>

#include "pipe_state.hpp"
#include "process_context.hpp"

// Messages with endpoints: the keeper is told of them before their publication, by the tail that
// they will be published by (docs/message-format.md).
namespace bulkhead::detail {

std::unique_lock<std::mutex> pipe_state::lock_carrying(const std::vector<std::uint64_t>& names) {
  if (names.empty()) return {};
  return std::unique_lock(context_->carrying());
}

// What was reserved last is about to be published. On a failure nothing has happened.
status pipe_state::carry(const std::vector<std::uint64_t>& names) {
  if (names.size() > endpoints_max) return errc::too_large;
  // This end is in use by the very call.
  if (std::find(names.begin(), names.end(), id_) != names.end()) return errc::not_permitted;
  const std::uint64_t place = writer_.next_tail();
  if (const auto failed = context_->carry({id_, {{place, names}}})) return status::of(failed);
  // Once more, for an end in a message that nobody receives is closed.
  const status ended = peer_error();
  if (ended.failed()) take_back(place, names);
  return ended;
}

void pipe_state::take_back(std::uint64_t place, const std::vector<std::uint64_t>& names) {
  context_->take_back({id_, {{place, {}}}}, names);
}

attempt_result pipe_state::try_naming(std::span<const std::byte> bytes,
                                      const std::vector<std::uint64_t>& names, bool waits,
                                      const piece_places& noted) {
  const auto carrying = lock_carrying(names);
  pipe_place place;
  const attempt_result found = try_reserve(bytes.size(), waits, place);
  if (!found || found->failed()) return found;
  if (!bytes.empty()) std::memcpy(place.bytes, bytes.data(), bytes.size());
  const std::uint64_t end = writer_.next_tail();
  // Release: who sees the place sees what belongs to it.
  if (noted.whole != nullptr) noted.whole->store(end, std::memory_order_release);
  if (names.empty()) return publish(place);
  if (const status s = carry(names); s.failed()) return s;
  const status published = publish(place);
  if (published.failed()) take_back(end, names);
  return published;
}

status pipe_state::send_naming(std::span<const std::byte> bytes,
                               const std::vector<std::uint64_t>& names, patience how_long,
                               const piece_places& noted) {
  if (bytes.size() > whole_bytes_max()) return send_pieces({}, bytes, how_long, names, noted);
  const bool waits = how_long.may_wait();
  attempt_of step([&] { return try_naming(bytes, names, waits, noted); });
  return senders_.wait(step, time_limit(how_long));
}

}  // namespace bulkhead::detail
