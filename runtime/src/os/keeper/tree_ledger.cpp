#include "os/keeper/estate.hpp"
#include "os/keeper/tree.hpp"

// What the keeper writes down of its state, and when: before anybody hears of it. So whatever
// instruction it is killed at, what others know of is in the ledger.
namespace bulkhead::os {
namespace {

constexpr std::uint32_t host_serial = 1;

}  // namespace

// Children end with the keeper.
bool tree::outlives(std::uint32_t serial) const {
  if (serial == host_serial) return true;
  const auto found = participants_.find(serial);
  return found != participants_.end() && found->second.attached;
}

void tree::write_down_publications() {
  for (const std::uint32_t number : publications_.take_changed()) {
    const publication* const p = publications_.find(number);
    const ledger::key at{estate::of_publication, 0, number, 0};
    if (p == nullptr) {
      ledger_->erase(at);
      vault_.withdraw(estate::of_publication, number);
      continue;
    }
    const int descriptors[] = {p->socket.directory(), p->socket.fd()};
    vault_.put(estate::of_publication, number, descriptors);
    const named_socket::claim claim = p->socket.what();
    ledger_->put(at, estate::publication_note{p->queue, p->owner, p->path, p->type, p->allow,
                                              claim.name, claim.device, claim.inode});
  }
}

// What the vault is to have, all of it.
void tree::visit_deposits(const depositor::visitor& visit) {
  const int directory[] = {beginning_.get()};
  if (beginning_) visit(estate::of_tree, 0, directory);
  queues_.visit_deposits(visit);
  pipes_.visit_deposits(visit);
  publications_.each([&](std::uint32_t number, const publication& p) {
    const int descriptors[] = {p.socket.directory(), p.socket.fd()};
    visit(estate::of_publication, number, descriptors);
  });
  for (const auto& [serial, p] : participants_) {
    const int descriptors[] = {p.pidfd.get()};
    if (p.attached) visit(estate::of_attached, serial, descriptors);
  }
}

void tree::tidy_vault() {
  static_cast<void>(
      vault_.tidy([this](const depositor::visitor& visit) { visit_deposits(visit); }));
}

void tree::commit() {
  if (!ledger_) return;
  queues_.write_down(*ledger_, vault_, [this](std::uint32_t serial) { return outlives(serial); });
  pipes_.write_down(*ledger_, vault_);
  write_down_publications();
  ledger_->put({estate::of_tree, 0, 0, 0}, estate::tree_note{name_, last_serial_, queues_.last_id(),
                                                             pipes_.last_id(), uses_groups_});
  ledger_->commit();
}

// Of these a second time would be something else than the first.
bool tree::is_done_once(control::kind what) noexcept {
  using control::kind;
  switch (what) {
    case kind::make_queue:
    case kind::carry:
    case kind::spawn:
    case kind::make_pipe:
    case kind::claim_end:
    case kind::publish:
      return true;
    default:
      return false;
  }
}

void tree::note_answer_bytes(const participant& p, control::kind kind,
                             std::vector<std::byte> body) {
  if (serving_ == 0 || !outlives(p.who.serial)) return;
  ledger_->put({estate::of_answer, 0, p.who.serial, 0},
               estate::answer_note{serving_, static_cast<std::uint16_t>(kind), std::move(body)});
}

std::vector<int> tree::descriptors_of_answer(control::kind kind, const datagram& as) {
  std::uint64_t id = 0;
  if (control::queue_reply queue; kind == control::kind::make_queue && as.read(queue)) {
    const auto its = queues_.at(queue.queue).descriptors();
    return {its.begin(), its.end()};
  }
  if (control::pipe_reply pipe; kind == control::kind::make_pipe && as.read(pipe)) id = pipe.pipe;
  if (control::end_reply end; kind == control::kind::claim_end && as.read(end)) id = end.end;
  if (id == 0) return {};
  const auto its = pipes_.at(id).memory->descriptors();
  return {its.begin(), its.end()};
}

// The last keeper had carried it out and was killed before its reply. A process that it started has
// ended with it.
bool tree::answer_again(participant& p, const datagram& request) {
  estate::answer_note before;
  if (serving_ == 0 || !ledger_->get({estate::of_answer, 0, p.who.serial, 0}, before) ||
      before.number != serving_ || before.kind != static_cast<std::uint16_t>(request.head.kind)) {
    return false;
  }
  datagram as;
  as.body = before.body;
  const std::vector<int> descriptors = descriptors_of_answer(request.head.kind, as);
  after_reply(p, request.head.kind,
              p.control.send_bytes({request.head.kind, 0, 0}, before.body, descriptors));
  return true;
}

}  // namespace bulkhead::os
