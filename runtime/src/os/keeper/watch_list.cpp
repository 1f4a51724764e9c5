#include "os/keeper/watch_list.hpp"

#include <algorithm>

namespace bulkhead::os {

// Relaxed: only that it changes says something.
std::uint64_t watch_list::word_of(const watched& w) noexcept {
  return w.pulse.word().load(std::memory_order_relaxed);
}

void watch_list::add(std::uint32_t serial, std::chrono::nanoseconds patience, pulse_memory pulse) {
  all_.emplace(serial, watched{core::watchdog(patience), std::move(pulse),
                               core::watchdog::interval(patience) / 2});
}

void watch_list::begin(std::uint32_t serial, core::instant now) {
  const auto found = all_.find(serial);
  if (found == all_.end()) return;
  found->second.dog.begin(word_of(found->second), now);
  note_due(found->second.dog.next_look());
}

void watch_list::rest(std::uint32_t serial) {
  const auto found = all_.find(serial);
  if (found != all_.end()) found->second.dog.rest();
}

// A look that comes too early finds the next moment.
void watch_list::remove(std::uint32_t serial) { all_.erase(serial); }

std::vector<watch_list::judged> watch_list::look(core::instant now) {
  std::vector<judged> unwell;
  if (!next_ || now < *next_) return unwell;
  for (auto& [serial, w] : all_) {
    const auto due = w.dog.next_look();
    // A grace is not cut short.
    const auto slack = w.dog.is_hung() ? std::chrono::nanoseconds{0} : w.slack;
    if (!due || *due > now + slack) continue;
    const auto verdict = w.dog.look(word_of(w), now);
    if (verdict != core::watchdog::verdict::well) unwell.emplace_back(serial, verdict);
  }
  next_.reset();
  for (const auto& [serial, w] : all_) note_due(w.dog.next_look());
  return unwell;
}

void watch_list::note_due(std::optional<core::instant> due) noexcept {
  if (due && (!next_ || *due < *next_)) next_ = due;
}

}  // namespace bulkhead::os
