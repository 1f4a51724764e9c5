#include <fcntl.h>
#include <poll.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <algorithm>
#include <bulkhead/errc.hpp>
#include <bulkhead/version.hpp>
#include <cerrno>
#include <cstring>

#include "os/keeper/estate.hpp"
#include "os/keeper/request.hpp"
#include "os/keeper/tree.hpp"

// Programs that are none of the tree's: they come through a published socket, hold a queue like a
// child, are seen to end by their pidfd, and are neither ours to kill nor to reap.
namespace bulkhead::os {
namespace {

constexpr std::size_t name_bytes_max = 80;
constexpr std::size_t text_bytes_max = 256;

/// Gives the publisher's lock of the directory back, whatever comes of its request: the lock is the
/// open file's, which the publisher has as well, and which the publication keeps.
struct directory_lock {
  int directory;
  ~directory_lock() { ::flock(directory, LOCK_UN); }
};

bool is_directory(int descriptor) {
  struct stat status {};
  return ::fstat(descriptor, &status) == 0 && S_ISDIR(status.st_mode);
}

bool has_ended(int pidfd) {
  pollfd one{pidfd, POLLIN, 0};
  return ::poll(&one, 1, 0) != 0;
}

std::string shortened(std::string text) {
  if (text.size() > text_bytes_max) text.resize(text_bytes_max);
  return text;
}

std::string library_text() {
  return std::to_string(BULKHEAD_VERSION_MAJOR) + "." + std::to_string(BULKHEAD_VERSION_MINOR) +
         "." + std::to_string(BULKHEAD_VERSION_PATCH);
}

// The first field of every version's body is the version.
void check_format(const datagram& request) {
  std::uint32_t format = 0;
  if (request.body.size() < sizeof format) throw garbage{};
  std::memcpy(&format, request.body.data(), sizeof format);
  if (format == control::attach_format) return;
  throw error(make_error_code(errc::unsupported),
              "the publisher's library " + library_text() + " attaches by version " +
                  std::to_string(control::attach_format) + " of the protocol, this program's by " +
                  std::to_string(format) + ": build both with one version");
}

void check_type(const control::attach& who, const publication& to, const queue_record& queue) {
  const core::queue_shape& shape = queue.view().shape();
  if (who.queue_format != core::queue_format) {
    throw error(make_error_code(errc::unsupported),
                "the publisher's library " + library_text() + " has queues of format " +
                    std::to_string(core::queue_format) + ", this program's library " +
                    shortened(who.version) + " of format " + std::to_string(who.queue_format) +
                    ": build both with one version");
  }
  if (who.fingerprint == shape.fingerprint) return;
  const std::string theirs = shortened(who.type);
  throw error(
      make_error_code(errc::type_mismatch),
      "'" + to.path + "' is a queue of '" + to.type + "'" +
          (theirs == to.type ? ", which this program defines differently"
                             : ", and this program attaches to a queue of '" + theirs + "'"));
}

}  // namespace

void tree::publish(participant& p, datagram& request) {
  auto wanted = body_of<control::publish>(request);
  if (request.descriptors.size() != 1 || !is_directory(request.descriptors.front().get()) ||
      wanted.name.empty() || wanted.name.size() > name_bytes_max ||
      wanted.name.find_first_of(std::string("/\0", 2)) != std::string::npos || wanted.name == "." ||
      wanted.name == ".." || (wanted.mode & ~0777u) != 0 ||
      wanted.allow.size() > control::allowed_max) {
    throw garbage{};
  }
  const directory_lock lock{request.descriptors.front().get()};
  const queue_record& queue = queues_.at(wanted.queue);
  if (queue.holders.count(p.who.serial) == 0) throw garbage{};
  if (publications_.size() >= publications::publications_max) {
    throw error(make_error_code(errc::unsupported), "4096 queues are published; end some first");
  }
  named_socket socket(request.descriptors.front().duplicate(), wanted.name, wanted.path,
                      static_cast<mode_t>(wanted.mode));
  const std::uint32_t number =
      publications_.add({std::move(socket), wanted.queue, p.who.serial, std::move(wanted.path),
                         std::move(wanted.type), std::move(wanted.allow)});
  if (!doors_closed_) {
    poller_.add_reader(publications_.find(number)->socket.fd(),
                       {poller::what::publication, number});
  }
  reply(p, request.head.kind, control::published{number});
}

void tree::unpublish(participant& p, const datagram& request) {
  const std::uint32_t number = body_of<control::published>(request).publication;
  const publication* const there = publications_.find(number);
  if (there != nullptr && there->owner == p.who.serial) {
    poller_.remove(there->socket.fd());
    publications_.remove(number);
  }
  reply(p, request.head.kind, control::done{});
}

void tree::welcome(std::uint32_t number) {
  errno = 0;
  while (const auto arrived = publications_.accept(number)) {
    const int fd = publications_.pending(*arrived)->line.fd();
    poller_.add_reader(fd, {poller::what::handshake, *arrived});
  }
  const bool no_descriptors = errno == EMFILE || errno == ENFILE || errno == ENOMEM;
  if (publications_.full() || no_descriptors) close_doors();
}

// The sockets stay readable, so nobody must look at them until there is room.
void tree::close_doors() {
  if (std::exchange(doors_closed_, true)) return;
  publications_.each(
      [this](std::uint32_t, const publication& p) { poller_.remove(p.socket.fd()); });
}

void tree::open_doors() {
  doors_closed_ = false;
  publications_.each([this](std::uint32_t number, const publication& p) {
    poller_.add_reader(p.socket.fd(), {poller::what::publication, number});
  });
}

void tree::shake_hands(std::uint32_t number) {
  handshake* const with = publications_.pending(number);
  if (with == nullptr) return;
  datagram request;
  const receive_result result = with->line.receive(request, 0);
  if (result == receive_result::nothing) return;
  control::failure why;
  std::int32_t code = 0;
  try {
    const publication* const to = publications_.find(with->publication);
    const bool is_attach =
        result == receive_result::received && request.head.kind == control::kind::attach;
    if (is_attach && to != nullptr) admit(*with, *to, request);
  } catch (const garbage&) {
    code = static_cast<std::int32_t>(errc::corrupt);
    why.text = "what this program sent is no request to attach";
  } catch (const std::system_error& failure) {
    code = code_of(failure.code());
    why.text = sentence_of(failure);
  } catch (const std::bad_alloc&) {
    code = -ENOMEM;
    why.text = "the keeper has no memory for another program";
  }
  if (code != 0) static_cast<void>(with->line.send(control::kind::attach, why, {}, code));
  if (with->line) poller_.remove(with->line.fd());
  publications_.drop(number);
  if (doors_closed_ && !publications_.full()) open_doors();
}

// The process that connected, by the kernel's word, and the one whose pidfd came along must be one:
// then its end will be seen, and nobody else's taken for it.
void tree::admit(handshake& with, const publication& to, datagram& request) {
  check_format(request);
  const auto who = body_of<control::attach>(request);
  if (request.descriptors.size() != 1) throw garbage{};
  unique_fd pidfd = std::move(request.descriptors.front());
  if (with.peer.pid <= 0 || process_of(pidfd.get()) != with.peer.pid) {
    throw error(make_error_code(errc::not_permitted),
                "the descriptor that came along names another process than the one that connected");
  }
  queue_record& queue = queues_.at(to.queue);
  check_type(who, to, queue);
  participant* p = known_as(who, with);
  channel transient;
  if (p != nullptr && p->control) {
    transient = std::move(with.line);
    poller_.remove(transient.fd());
  } else if (p != nullptr) {
    // Its line was to a keeper that was killed.
    poller_.remove(with.line.fd());
    p->control = std::move(with.line);
    p->is_left_by_another = false;
    poller_.add_reader(p->control.fd(), {poller::what::control, p->who.serial});
  } else {
    p = &take_in(with, who, std::move(pidfd));
  }
  queue.holders.insert(p->who.serial);
  queue.touched = true;
  channel& line = transient ? transient : p->control;
  commit();
  const std::error_code failed = line.send(
      control::kind::attach,
      control::attach_reply{name_, p->who.serial, {queue.id(), queue.name()}}, queue.descriptors());
  if (!failed) return;
  // It went away. If it still lives, what it has from before stays its own.
  if (!transient) hang_up(*p);
}

// A program that attaches to several queues of a tree is one participant of it, so that one step of
// its can reach all of them.
participant* tree::known_as(const control::attach& who, const handshake& with) {
  for (const control::membership& known : who.known) {
    const auto found = participants_.find(known.serial);
    if (known.tree != name_ || found == participants_.end()) continue;
    participant& p = found->second;
    const bool is_it = p.attached && p.pid == with.peer.pid && (p.control || p.is_left_by_another);
    if (is_it && !has_ended(p.pidfd.get())) return &p;
  }
  return nullptr;
}

participant& tree::take_in(handshake& with, const control::attach& who, unique_fd pidfd) {
  participant p;
  p.who.serial = ++last_serial_;
  p.name = shortened(who.name);
  p.pid = with.peer.pid;
  p.pidfd = std::move(pidfd);
  p.attached = true;
  poller_.remove(with.line.fd());
  p.control = std::move(with.line);
  const std::uint32_t serial = p.who.serial;
  participant& added = participants_.emplace(serial, std::move(p)).first->second;
  poller_.add_reader(added.control.fd(), {poller::what::control, serial});
  poller_.add_reader(added.pidfd.get(), {poller::what::attached, serial});
  const int descriptors[] = {added.pidfd.get()};
  vault_.put(estate::of_attached, serial, descriptors);
  ledger_->put({estate::of_attached, 0, serial, 0}, estate::attached_note{added.pid, added.name});
  return added;
}

// It hung up. Where it still has a queue or a pipe end it lives on and may be using it: then its
// pidfd tells when that is over.
void tree::part_from(participant& p) {
  if (queues_.is_holder(p.who.serial) || !pipes_.ends_of(p.who.serial).empty()) return;
  poller_.remove(p.pidfd.get());
  forget_attached(p.who.serial);
  participants_.erase(p.who.serial);
}

void tree::forget_attached(std::uint32_t serial) {
  ledger_->erase({estate::of_attached, 0, serial, 0});
  ledger_->erase({estate::of_answer, 0, serial, 0});
  vault_.withdraw(estate::of_attached, serial);
}

// How it ended nobody tells us, so nobody blames it.
void tree::bury_attached(std::uint32_t serial) {
  const auto found = participants_.find(serial);
  if (found != participants_.end()) bury(found->second, exit_status{});
}

}  // namespace bulkhead::os
