#include "call_client_state.hpp"

#include <bulkhead/detail/parcel.hpp>
#include <cstring>

#include "process_context.hpp"

// Making requests; call_client_ends.cpp has what becomes of them.
namespace bulkhead::detail {
namespace {

using std::chrono::steady_clock;
using namespace std::chrono_literals;

// A server that waits for the room of its reply takes no request: we look for replies this often
// while we wait for the room of ours.
constexpr auto room_patience = 2ms;

static_assert(sizeof(core::request_head) == call_head_bytes);
static_assert(sizeof(core::reply_head) == call_head_bytes);

core::slot_name name_of(const call_ticket& ticket) { return {ticket.generation, ticket.slot}; }

}  // namespace

call_client_state::call_client_state(pipe_core end)
    : end_(std::move(end)),
      lane_(end_.state().get()),
      me_(lane_->context().who().serial),
      table_(lane_->view().shape().directions[lane_->end()].capacity),
      next_deadline_ns_(time_point::max().time_since_epoch().count()),
      deaths_settled_(
          lane_->view().positions(lane_->end()).restarts_seen.load(std::memory_order_acquire)) {}

bool call_client_state::try_open(call_continuation& to, const request_terms& terms,
                                 open_call& out) {
  const std::lock_guard lock(mutex_);
  const table::opened made = table_.open();
  if (made.entry == nullptr) return false;
  made.entry->to = &to;
  made.entry->idempotent = terms.idempotent;
  made.entry->async = terms.async;
  made.entry->ends_with_server = terms.ends_with_server;
  if (terms.async) ++async_pending_;
  made.entry->deadline = terms.deadline;
  if (terms.deadline < next_deadline()) {
    next_deadline_ns_.store(terms.deadline.time_since_epoch().count(), std::memory_order_relaxed);
  }
  out.ticket = {made.name.generation, made.name.slot};
  out.entry = made.entry;
  out.state = this;
  return true;
}

std::error_code call_client_state::open(call_continuation& to, const request_terms& terms,
                                        const time_limit& until, open_call& out) {
  if (try_open(to, terms, out)) return {};
  if (!until.may_wait()) return errc::full;
  const call_break free(*this, [this] {
    const std::lock_guard lock(mutex_);
    return !table_.is_full();
  });
  for (;;) {
    const std::error_code ec = take(free, until);
    if (try_open(to, terms, out)) return {};
    if (ec) return ec;
  }
}

// Another thread may wait for the slot.
bool call_client_state::drop(const call_ticket& ticket) {
  {
    const std::lock_guard lock(mutex_);
    const pending_call* const call = table_.find(name_of(ticket));
    if (call == nullptr) return false;
    end_call(name_of(ticket), *call);
  }
  lane_->wake_own_receivers();
  return true;
}

// Should its continuation have been told meanwhile, that was its end.
std::error_code call_client_state::give_up(const call_ticket& ticket, std::error_code why) {
  return drop(ticket) ? why : std::error_code();
}

void call_client_state::write_head(std::byte* to, const call_ticket& ticket,
                                   const request_terms& terms) const {
  core::request_head head{ticket.generation, ticket.slot, me_, 0};
  if (terms.deadline != time_point::max()) {
    head.deadline_ns = terms.deadline.time_since_epoch().count();
  }
  std::memcpy(to, &head, sizeof head);
}

std::error_code call_client_state::reserve(std::size_t size, call_continuation& to,
                                           const request_terms& terms, patience how_long,
                                           open_call& out) {
  const time_limit until(how_long);
  if (const auto ec = open(to, terms, until, out)) return ec;
  out.bytes = size;
  for (;;) {
    status s = lane_->reserve(size, patience::none(), out.place);
    if (s == errc::full && until.may_wait()) {
      if (const auto ec = drain()) return ec;
      s = lane_->reserve(size, until.left(steady_clock::now() + room_patience), out.place);
      if (s == errc::timed_out && !until.is_over()) continue;
    }
    if (s.failed()) return s.code();  // and the slot is closed with `out`
    write_head(out.place.bytes, out.ticket, terms);
    return {};
  }
}

std::error_code call_client_state::publish(open_call& call) {
  pending_call& mine = *call.entry;
  if (mine.idempotent) mine.kept.assign(call.place.bytes, call.place.bytes + call.bytes);
  // Release: who sees the position sees what is kept.
  mine.position.store(lane_->next_tail(), std::memory_order_release);
  call.state = nullptr;
  const status s = lane_->publish(call.place);
  return s.failed() ? give_up(call.ticket, s.code()) : std::error_code();
}

// What is large, or names mailboxes, goes out of a copy. @limits not kept for another incarnation.
std::error_code call_client_state::send_copy(std::span<std::byte> bytes,
                                             const std::vector<std::uint64_t>& names,
                                             call_continuation& to, const request_terms& terms,
                                             patience how_long, call_ticket& ticket) {
  const time_limit until(how_long);
  open_call made;
  if (const auto ec = open(to, terms, until, made)) return ec;
  ticket = made.ticket;
  made.entry->idempotent = false;
  // Pieces are sent by who waits.
  if (terms.async && names.empty()) return errc::too_large;
  write_head(bytes.data(), ticket, terms);
  const piece_places noted{&made.entry->position, &made.entry->first_piece};
  const status s = names.empty() ? lane_->send_pieces({}, bytes, until.left(), {}, noted)
                                 : lane_->send_naming(bytes, names, until.left(), noted);
  made.state = nullptr;
  const auto ec = s.failed() ? s.code() : all_sent(ticket, {});
  return ec ? give_up(ticket, ec) : ec;
}

std::error_code call_client_state::open_parcel(parcel& request, call_continuation& to,
                                               const request_terms& terms, call_ticket& ticket) {
  open_call made;
  if (!try_open(to, terms, made)) return errc::full;
  made.entry->idempotent = terms.idempotent && request.is_whole(end_);
  write_head(request.bytes().data(), made.ticket, terms);
  if (made.entry->idempotent) {
    made.entry->kept.assign(request.bytes().begin(), request.bytes().end());
  }
  request.note_place(&made.entry->position, &made.entry->first_piece);
  ticket = made.ticket;
  made.state = nullptr;
  return {};
}

std::error_code call_client_state::send_parcel(parcel& request, const call_ticket& ticket,
                                               patience how_long) {
  const std::error_code ec = request.send(end_, how_long);
  return !ec || ec == errc::peer_restarted ? all_sent(ticket, ec) : ec;
}

// Pieces may have gone to a server that died meanwhile, and to the next: then the one had the
// first, and the other knows nothing of it. Who settled the death knew no place of it yet.
std::error_code call_client_state::all_sent(const call_ticket& ticket, std::error_code sent) {
  const std::lock_guard lock(mutex_);
  pending_call* const call = table_.find(name_of(ticket));
  if (call == nullptr || (!sent && !call->lost)) return sent;
  call->begin_anew();
  return errc::peer_restarted;
}

void call_client_state::close() {
  end_.close();
  fail_all(errc::closed);
}

// The place first: the table's lock comes before the lane's sending side.
open_call::~open_call() {
  if (state == nullptr) return;
  if (place.locked != nullptr) std::exchange(place.locked, nullptr)->unlock_sender(place.gated);
  static_cast<void>(state->drop(ticket));
}

}  // namespace bulkhead::detail
