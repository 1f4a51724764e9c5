#include "os/keeper/queue_table.hpp"

// What the keeper leaves of its queues, and how the next one takes it up.
namespace bulkhead::os {

estate::queue_note queue_table::note_of(const queue_record& queue,
                                        const outlives_keeper& outlives) {
  estate::queue_note note;
  note.name = queue.name();
  note.close_after_senders = queue.close_after_senders;
  note.senders_given = queue.senders.given();
  for (const sender_book::sender& s : queue.senders.all()) {
    if (s.who.resume_key == 0 && !outlives(s.who.serial)) continue;
    note.senders.push_back({s.who, s.alive});
  }
  for (const std::uint32_t serial : queue.holders) {
    if (outlives(serial)) note.holders.push_back(serial);
  }
  note.letters = queue.letters;
  note.letters_of = queue.letters_of;
  for (const auto& [at, text] : queue.notes) {
    note.rejected.push_back({at.first, at.second, text});
  }
  return note;
}

void queue_table::write_down(ledger& to, depositor& vault, const outlives_keeper& outlives) {
  for (auto& [id, queue] : queues_) {
    if (!std::exchange(queue->deposited, true)) {
      vault.put(estate::of_queue, id, queue->descriptors());
    }
    const bool senders_changed = queue->senders.take_changed();
    if (std::exchange(queue->touched, false) || senders_changed) {
      to.put({estate::of_queue, 0, id, 0}, note_of(*queue, outlives));
    }
    if (!queue->seats.has_changed()) continue;
    for (const std::uint32_t seat : queue->seats.take_changed()) {
      to.put({estate::of_seat, seat, id, 0}, queue->seats.at(seat));
    }
  }
  carried_.take_changes([&](std::uint64_t queue, std::uint32_t seat, std::uint64_t place,
                            std::uint64_t position, const std::vector<std::uint64_t>& names) {
    const ledger::key at{estate::of_carried, seat, queue, place};
    if (names.empty()) return to.erase(at);
    to.put(at, estate::carried_note{position, names});
  });
  for (const std::uint64_t id : std::exchange(gone_, {})) {
    to.erase_all(estate::of_queue, id);
    to.erase_all(estate::of_seat, id);
    vault.withdraw(estate::of_queue, id);
  }
}

void queue_table::visit_deposits(const depositor::visitor& visit) const {
  for (const auto& [id, queue] : queues_) visit(estate::of_queue, id, queue->descriptors());
}

void queue_table::restore(std::uint64_t id, const estate::queue_note& note,
                          std::vector<unique_fd> descriptors) {
  auto record =
      std::make_unique<queue_record>(*this, id, note.name, std::move(descriptors.at(0)), *os_);
  record->memory().kept().set_bells(std::move(descriptors.at(1)), std::move(descriptors.at(2)));
  record->close_after_senders = note.close_after_senders;
  record->senders.restore_given(note.senders_given);
  for (const estate::sender_note& s : note.senders) record->senders.restore({s.who, s.alive});
  record->holders.insert(note.holders.begin(), note.holders.end());
  record->letters = note.letters;
  record->letters_of = note.letters_of;
  if (note.letters_of != 0) record->memory().own_seat(core::letter_writer::seat);
  for (const estate::reject_note& r : note.rejected) record->notes[{r.lane, r.position}] = r.text;
  // What the last keeper was about to bury or give back nobody tells us again.
  record->stuck = true;
  record->next_deadline_ms = 0;
  record->deposited = true;
  core::take_over_queue(record->view());
  queues_[id] = std::move(record);
}

void queue_table::forget_lost_letters() {
  for (auto& [id, queue] : queues_) {
    if (queue->letters == 0 || queues_.count(queue->letters) != 0) continue;
    queue->letters = 0;
    queue->touched = true;
  }
}

void queue_table::restore_seat(std::uint64_t queue, std::uint32_t seat,
                               const seat_table::place& as) {
  const auto found = queues_.find(queue);
  if (found != queues_.end() && seat < found->second->seats.size()) {
    found->second->seats.restore(seat, as);
  }
}

void queue_table::restore_carried(const ledger::key& at, const estate::carried_note& note) {
  carried_.set({at.id, at.sub, note.position}, note.names);
  only_carried_ = true;
}

}  // namespace bulkhead::os
