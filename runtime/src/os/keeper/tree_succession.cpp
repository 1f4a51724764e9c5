#include <bulkhead/errc.hpp>

#include "os/keeper/estate.hpp"
#include "os/keeper/old_children.hpp"
#include "os/keeper/tree.hpp"
#include "os/system_failure.hpp"

// How a keeper takes over from one that was killed: what that one had written down, its
// descriptors, which the host kept, and the hands of its children, once these are proven dead.
namespace bulkhead::os {
namespace {

using namespace std::chrono_literals;

constexpr auto old_children_patience = 5s;

template <class Body>
bool read_entry(const std::vector<std::byte>& bytes, Body& out) {
  return detail::decode_all(std::span<const std::byte>(bytes), out);
}

}  // namespace

void tree::take_over(unique_fd left_ledger, deposits left) {
  ledger_.emplace(std::move(left_ledger));
  estate::tree_note note;
  if (!ledger_->get({estate::of_tree, 0, 0, 0}, note)) {
    throw error(make_error_code(errc::corrupt), "the last keeper's ledger has no beginning");
  }
  name_ = note.name;
  groups_.emplace(control_group_prefix(participants_.at(1).pid, name_));
  uses_groups_ = note.uses_groups;
  last_serial_ = note.last_serial;
  queues_.resume_from(note.last_queue);
  pipes_.resume_from(note.last_pipe);
  take_up_attached(left);
  take_up_endpoints(left);
  wait_for_old_children(*ledger_, participants_.at(1).pidfd.get(),
                        std::chrono::steady_clock::now() + old_children_patience);
  settle_lost_children();
  if (uses_groups_) groups_->sweep();
  take_up_publications(left);
  tidy_vault();
  if (vault_.is_empty()) {  // there was no room for all at once
    visit_deposits([this](std::uint32_t kind, std::uint64_t id, std::span<const int> its) {
      vault_.put(kind, id, its);
    });
  }
  commit();
}

// What the host had no descriptor for is lost, as is what its messages named.
void tree::take_up_endpoints(deposits& left) {
  const auto restore = [&](std::uint32_t kind, auto note, auto& table) {
    for (const auto& [at, bytes] : ledger_->entries_of(kind)) {
      const auto kept = left.extract({at.kind, at.id});
      if (!kept.empty() && kept.mapped().size() == 3 && read_entry(bytes, note)) {
        table.restore(at.id, note, std::move(kept.mapped()));
      } else {
        ledger_->erase(at);
      }
    }
  };
  restore(estate::of_queue, estate::queue_note(), queues_);
  restore(estate::of_pipe, pipe_table::note(), pipes_);
  queues_.forget_lost_letters();
  for (const auto& [at, bytes] : ledger_->entries_of(estate::of_seat)) {
    seat_table::place seat;
    if (read_entry(bytes, seat)) queues_.restore_seat(at.id, at.sub, seat);
  }
  for (const auto& [at, bytes] : ledger_->entries_of(estate::of_carried)) {
    estate::carried_note carried;
    if (read_entry(bytes, carried)) queues_.restore_carried(at, carried);
  }
}

// They live on, and are watched from here on. Where the host lost the pidfd, another process that
// got the number meanwhile may be taken for it; that one's end comes later, not earlier.
void tree::take_up_attached(deposits& left) {
  for (const auto& [at, bytes] : ledger_->entries_of(estate::of_attached)) {
    estate::attached_note note;
    if (!read_entry(bytes, note)) continue;
    participant p;
    p.who.serial = static_cast<std::uint32_t>(at.id);
    p.name = note.name;
    p.pid = note.pid;
    p.attached = true;
    p.is_left_by_another = true;
    const auto kept = left.extract({at.kind, at.id});
    p.pidfd = !kept.empty() && kept.mapped().size() == 1 ? std::move(kept.mapped().front())
                                                         : open_process(note.pid);
    if (!p.pidfd) {  // it has ended: as a child that is lost
      ledger_->erase(at);
      ledger_->put({estate::of_child, 0, at.id, 0}, estate::child_note{p.who, {}});
      continue;
    }
    poller_.add_reader(p.pidfd.get(), {poller::what::attached, p.who.serial});
    participants_.emplace(p.who.serial, std::move(p));
  }
}

void tree::take_up_publications(deposits& left) {
  for (const auto& [at, bytes] : ledger_->entries_of(estate::of_publication)) {
    estate::publication_note note;
    const auto kept = left.extract({at.kind, at.id});
    const bool is_whole = !kept.empty() && kept.mapped().size() == 2 && read_entry(bytes, note);
    if (!is_whole) {
      ledger_->erase(at);
      continue;
    }
    const auto number = static_cast<std::uint32_t>(at.id);
    named_socket socket(std::move(kept.mapped()[0]), std::move(kept.mapped()[1]),
                        {note.name, note.device, note.inode});
    publications_.restore(
        number, {std::move(socket), note.queue, note.owner, note.path, note.type, note.allow});
    poller_.add_reader(publications_.find(number)->socket.fd(),
                       {poller::what::publication, number});
    // A child's name goes with it.
    if (!outlives(note.owner)) publications_.remove(number);
  }
}

// As if each had ended by itself, but that it is nobody's failure, unless it was hung. Their owners
// are dead as well, or the host, which knows.
void tree::settle_lost_children() {
  std::map<std::uint32_t, std::int32_t> pids;
  ledger_->each_life([&](const ledger::life& l) { pids[l.serial] = l.pid; });
  for (const auto& [at, bytes] : ledger_->entries_of(estate::of_child)) {
    estate::child_note note;
    const auto serial = static_cast<std::uint32_t>(at.id);
    exit_status gone;
    gone.code = -1;
    gone.cause = death_cause::parent_gone;
    if (read_entry(bytes, note)) {
      if (note.is_hung) gone.cause = death_cause::watchdog;
      for (const std::uint64_t queue : note.sends_to) {
        if (queues_.find(queue) != nullptr) queues_.at(queue).senders.give(note.who);
      }
    }
    core::casualty dead;
    dead.serial = serial;
    dead.own_doing = gone.own_doing();
    dead.note.pid = pids[serial];
    dead.note.cause = static_cast<std::uint8_t>(gone.cause);
    static_cast<void>(queues_.bury_process(dead));
    for (const std::uint64_t back : queues_.take_returned_ends()) pipes_.give_back(back);
    pipes_.bury_process(serial, gone,
                        [this](std::uint64_t name) { return queues_.is_carried(name); });
    ledger_->erase(at);
  }
  ledger_->end_all_lives();
}

}  // namespace bulkhead::os
