#include <signal.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include <bulkhead/errc.hpp>

#include "os/keeper/request.hpp"
#include "os/keeper/tree.hpp"
#include "os/system_failure.hpp"

namespace bulkhead::os {

std::int32_t code_of(const std::error_code& code) {
  return code.category() == category() ? code.value() : -code.value();
}

std::string sentence_of(const std::system_error& failure) {
  std::string text = failure.what();
  const std::string end = ": " + failure.code().message();
  if (text.size() > end.size() && text.compare(text.size() - end.size(), end.size(), end) == 0) {
    text.resize(text.size() - end.size());
  }
  return text;
}

// With one request in flight its reply always fits; who is gone needs none.
void tree::after_reply(participant& p, control::kind kind, const std::error_code& failed) {
  if (has_too_many_under_way(failed)) {
    const control::failure why{
        "this user's processes have more descriptors under way than the "
        "keeper may have; raise the program's hard limit (ulimit -Hn)"};
    return after_reply(p, kind, p.control.send(kind, why, {}, -ETOOMANYREFS));
  }
  if (failed == std::errc::resource_unavailable_try_again) {
    punish(p, "it does not read the keeper's replies");
  } else if (failed) {
    hang_up(p);
  }
}

namespace {

std::string want_of_descriptors() {
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  return "the keeper of this program has no descriptor free: it holds three for each queue and "
         "pipe and two for each process, and may have " +
         std::to_string(limit.rlim_cur) + "; raise the program's hard limit (ulimit -Hn)";
}

}  // namespace

void tree::refuse_for_want_of_descriptors(participant& p, const datagram& request) {
  const control::failure why{want_of_descriptors()};
  if (p.control.send(request.head.kind, why, {}, -EMFILE)) hang_up(p);
}

void tree::serve(participant& p, datagram& request) {
  control::failure why;
  std::int32_t code = 0;
  try {
    if (answer_again(p, request)) return;
    if (p.attached) check_rights(p, request);
    return answer(p, request);
  } catch (const garbage&) {
    return punish(p, "it sent the keeper bytes that are no request");
  } catch (const std::system_error& failure) {
    code = code_of(failure.code());
    why.text = sentence_of(failure);
    if (code == -EMFILE) why.text += ": " + want_of_descriptors();
  } catch (const std::bad_alloc&) {
    code = -ENOMEM;
    why.text = "the keeper has no memory for this request";
  }
  if (p.control) {
    commit();
    const std::error_code failed = p.control.send(request.head.kind, why, {}, code);
    if (failed) hang_up(p);
  }
}

void tree::answer(participant& p, datagram& request) {
  using control::kind;
  switch (request.head.kind) {
    case kind::make_queue:
      return make_queue(p, request);
    case kind::open_queue:
      return open_queue(p, request);
    case kind::carry:
      return carry(p, request);
    case kind::leave_queue:
      return leave_queue(p, request);
    case kind::join_queue:
      return join_queue(p, request);
    case kind::used_up:
      return bury_used_up(p, request);
    case kind::holders:
      return holders(p, request);
    case kind::dead_letters:
      return dead_letters(p, request);
    case kind::spawn:
      return spawn(p, request);
    case kind::signal:
      return signal(p, request);
    case kind::request_stop:
      return request_stop(p, request);
    case kind::open_process:
      return open_child(p, request);
    case kind::forget:
      return forget(p, request);
    case kind::make_pipe:
      return make_pipe(p, request);
    case kind::leave_end:
      return leave_end(p, request);
    case kind::ask_peer:
      return ask_peer(p, request);
    case kind::rest:
      return rest(p, request);
    case kind::last_words:
      return note_words(p, request);
    case kind::entered:
    case kind::ready:
    case kind::waiting:
      return announce(p, request.head.kind);
    case kind::promote:
      return promote(p, request);
    case kind::follow:
      return note_follow(p, request);
    case kind::subscribe:
      return subscribe(p);
    case kind::claim_end:
      return claim_end(p, request);
    case kind::publish:
      return publish(p, request);
    case kind::unpublish:
      return unpublish(p, request);
    case kind::deadline:
      return note_deadline(p, request);
    case kind::lend:
      return lend(p, request);
    case kind::ring:
      return ring(p, request);
    case kind::hello:
    case kind::attach:
    case kind::exited:
    case kind::hung:
    case kind::deposit:
      break;
  }
  throw garbage{};
}

void tree::reply_queue(participant& p, control::kind kind, queue_record& queue) {
  reply(p, kind, control::queue_reply{queue.id(), queue.name()}, queue.descriptors());
}

void tree::make_queue(participant& p, const datagram& request) {
  const auto wanted = body_of<control::make_queue>(request);
  reply_queue(p, request.head.kind, queues_.make(wanted, p.who.serial));
}

void tree::open_queue(participant& p, const datagram& request) {
  const std::uint64_t named = body_of<control::queue_named>(request).queue;
  queue_record& queue = queues_.at(named & ~detail::sender_mark);
  queue.holders.insert(p.who.serial);
  queue.touched = true;
  // The host's own do not count: it has no end but the tree's.
  const bool is_sender = named != queue.id();
  if (is_sender && (p.who.owner != 0 || p.attached)) queue.senders.give(p.who);
  reply_queue(p, request.head.kind, queue);
}

void tree::carry(participant& p, const datagram& request) {
  const auto wanted = body_of<control::carry>(request);
  std::vector<std::uint64_t> ends;
  for (const control::carried& message : wanted.messages) {
    for (const std::uint64_t named : message.queues) {
      if ((named & control::pipe_bit) == 0) continue;
      queues_.check_ours(named);
      pipes_.check_may_send(named, p.who.serial);
      ends.push_back(named);
    }
  }
  queues_.carry(wanted, p.who.serial);
  for (const std::uint64_t end : queues_.take_returned_ends()) pipes_.give_back(end);
  for (const std::uint64_t end : ends) pipes_.send_off(end);
  reply(p, request.head.kind, control::done{});
}

void tree::claim_end(participant& p, const datagram& request) {
  const std::uint64_t end = body_of<control::end_named>(request).end;
  const pipe_table::record& pipe = pipes_.claim(end, {p.who, p.name, p.pid});
  reply(p, request.head.kind, control::end_reply{end, pipe.name}, pipe.memory->descriptors());
}

// An end may be named by a newer message than the one that freed it.
void tree::settle_ends() {
  for (const std::uint64_t end : queues_.take_freed_ends()) {
    if (!queues_.is_carried(end)) pipes_.settle(end);
  }
}

void tree::leave_queue(participant& p, const datagram& request) {
  queues_.leave(body_of<control::queue_named>(request).queue, p.who.serial);
  reply(p, request.head.kind, control::done{});
}

void tree::join_queue(participant& p, const datagram& request) {
  const auto seat = queues_.at(body_of<control::queue_named>(request).queue).join(p.who);
  reply(p, request.head.kind, control::seat_reply{seat.seat, seat.epoch, seat.sent_before});
}

// The loop buries it, and goes on trying while the dead letters are full.
void tree::bury_used_up(participant& p, const datagram& request) {
  const auto which = body_of<control::used_up>(request);
  queue_record& queue = queues_.at(which.queue);
  queue.stuck = true;
  queue.touched = true;
  if (!which.note.empty()) queue.notes[{which.lane, which.position}] = which.note;
  reply(p, request.head.kind, control::done{});
}

void tree::note_words(participant& p, const datagram& request) {
  p.words = body_of<control::last_words>(request);
}

void tree::note_deadline(participant& p, const datagram& request) {
  queues_.at(body_of<control::queue_named>(request).queue).next_deadline_ms = 0;
  reply(p, request.head.kind, control::done{});
}

void tree::holders(participant& p, const datagram& request) {
  const queue_record& queue = queues_.at(body_of<control::queue_named>(request).queue);
  control::holders_reply all;
  for (const auto& [serial, other] : participants_) {
    if (const auto seat = queue.seats.seat_of(serial)) {
      all.holders.push_back({*seat, other.pid, other.name});
    }
  }
  reply(p, request.head.kind, all);
}

void tree::dead_letters(participant& p, const datagram& request) {
  const auto of = body_of<control::dead_letters_of>(request);
  queue_record& letters = queues_.dead_letters(queues_.at(of.queue), of.fingerprint);
  letters.holders.insert(p.who.serial);
  letters.touched = true;
  reply_queue(p, request.head.kind, letters);
}

void tree::make_pipe(participant& p, const datagram& request) {
  const auto wanted = body_of<control::make_pipe>(request);
  const std::uint64_t first = pipes_.make(wanted, {p.who, p.name, p.pid});
  reply(p, request.head.kind, control::pipe_reply{first}, pipes_.at(first).memory->descriptors());
}

void tree::leave_end(participant& p, const datagram& request) {
  pipes_.leave(body_of<control::end_named>(request).end, p.who.serial,
               [this](std::uint64_t end) { return queues_.is_carried(end); });
  reply(p, request.head.kind, control::done{});
}

void tree::ask_peer(participant& p, const datagram& request) {
  reply(p, request.head.kind, pipes_.peer_of(body_of<control::end_named>(request).end));
}

void tree::check_is_of(const participant& p, std::uint64_t mailbox) {
  const bool is_pipe = (mailbox & control::pipe_bit) != 0;
  const bool is_its =
      is_pipe ? pipes_.is_of(mailbox, p.who.serial) || pipes_.is_of(mailbox ^ 1, p.who.serial)
              : queues_.at(mailbox).holders.count(p.who.serial) != 0;
  if (is_its) return;
  throw error(make_error_code(errc::not_permitted),
              "'" + p.name + "' has no such queue or pipe end");
}

// To who does not keep them open.
void tree::lend(participant& p, const datagram& request) {
  const std::uint64_t id = body_of<control::mailbox_named>(request).id;
  check_is_of(p, id);
  reply(p, request.head.kind, control::done{},
        (id & control::pipe_bit) != 0 ? pipes_.at(id).memory->descriptors()
                                      : queues_.at(id).descriptors());
}

void tree::ring(participant& p, const datagram& request) {
  const auto wanted = body_of<control::bell_named>(request);
  check_is_of(p, wanted.id);
  if (wanted.which > 1) throw garbage{};
  const bool is_pipe = (wanted.id & control::pipe_bit) != 0;
  const core::bell_pair& bells =
      is_pipe ? pipes_.at(wanted.id).memory->view().bells : queues_.at(wanted.id).view().bells;
  bells.ring(static_cast<int>(wanted.which), os_);
  reply(p, request.head.kind, control::done{});
}

void tree::rest(participant& p, const datagram& request) {
  const auto wanted = body_of<control::forget>(request);
  pipes_.rest(p.who.serial, wanted.resume_key, false);
  queues_.rest(p.who.serial, wanted.resume_key);
  reply(p, request.head.kind, control::done{});
}

// Processes may be told what to do by those that started them, at any remove.
participant& tree::below(participant& p, std::uint32_t serial) {
  const auto found = participants_.find(serial);
  if (found == participants_.end()) {
    throw error(make_error_code(errc::stale_incarnation),
                "process " + std::to_string(serial) + " has ended");
  }
  std::uint32_t owner = found->second.who.owner;
  while (owner != p.who.serial) {
    const auto next = participants_.find(owner);
    if (next == participants_.end()) {
      throw error(make_error_code(errc::not_permitted),
                  "process '" + found->second.name + "' was not started by '" + p.name + "'");
    }
    owner = next->second.who.owner;
  }
  return found->second;
}

void tree::signal(participant& p, const datagram& request) {
  const auto wanted = body_of<control::signal>(request);
  participant& to = below(p, wanted.serial);
  if (::syscall(SYS_pidfd_send_signal, to.pidfd.get(), wanted.number, nullptr, 0) != 0) {
    throw_last_error("sending signal " + std::to_string(wanted.number) + " to '" + to.name + "'");
  }
  if (wanted.number > 0) to.signals_sent |= std::uint64_t{1} << (wanted.number - 1);
  reply(p, request.head.kind, control::done{});
}

void tree::request_stop(participant& p, const datagram& request) {
  participant& to = below(p, body_of<control::process_named>(request).serial);
  to.stop_requested = true;
  watched_.rest(to.who.serial);
  // A program that knows nothing of the directory, or has not opened it yet.
  if (to.is_command && !(to.inherits && to.entered)) {
    ::syscall(SYS_pidfd_send_signal, to.pidfd.get(), SIGTERM, nullptr, 0);
  }
  directory_.ask_to_stop(to.entry);
  queues_.rouse(to.who.serial);
  pipes_.rouse(to.who.serial);
  reply(p, request.head.kind, control::done{});
}

// A copy, which goes on naming that process when ours is closed.
void tree::open_child(participant& p, const datagram& request) {
  const participant& wanted = below(p, body_of<control::process_named>(request).serial);
  reply(p, request.head.kind, control::done{}, std::span<const int>({wanted.pidfd.get()}));
}

void tree::forget(participant& p, const datagram& request) {
  const auto wanted = body_of<control::forget>(request);
  queues_.forget(p.who.serial, wanted.resume_key);
  pipes_.rest(p.who.serial, wanted.resume_key, true);
  dismiss_spares(p.who.serial, wanted.resume_key);
  for (auto& [serial, other] : participants_) {
    if (other.who.owner == p.who.serial && other.who.resume_key == wanted.resume_key) {
      other.who.resume_key = 0;
      other.follow.reset();
      other.start.reset();
    }
  }
  reply(p, request.head.kind, control::done{});
}

void tree::subscribe(participant& p) {
  if (p.events.is_blocked()) poller_.remove(p.events.fd());
  const unique_fd reader = p.events.open();
  reply(p, control::kind::subscribe, control::done{}, std::span<const int>({reader.get()}));
  p.events.flush();
  watch_events(p);
}

}  // namespace bulkhead::os
