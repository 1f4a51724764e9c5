#include "attachments.hpp"

#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <boost/asio/posix/stream_descriptor.hpp>
#include <bulkhead/this_process.hpp>
#include <bulkhead/version.hpp>
#include <fstream>
#include <stop_token>

#include "core/queue_layout.hpp"
#include "os/published_name.hpp"
#include "os/system_failure.hpp"
#include "process_record.hpp"
#include "queue_state.hpp"

namespace bulkhead::detail {

namespace control = os::control;

namespace {

constexpr auto attach_patience = std::chrono::seconds(10);

std::string program_name() {
  if (const auto& child = process_record::child_context()) return child->who().name;
  std::string name;
  std::getline(std::ifstream("/proc/self/comm"), name);
  return name;
}

control::attach request_for(std::uint64_t fingerprint, const std::string& type) {
  control::attach wanted;
  wanted.queue_format = core::queue_format;
  wanted.version = std::to_string(BULKHEAD_VERSION_MAJOR) + "." +
                   std::to_string(BULKHEAD_VERSION_MINOR) + "." +
                   std::to_string(BULKHEAD_VERSION_PATCH);
  wanted.name = program_name();
  wanted.type = type;
  wanted.fingerprint = fingerprint;
  return wanted;
}

[[noreturn]] void throw_gone(const std::string& path) {
  throw error(errc::owner_gone, "the publisher of '" + path + "' ended while we attached");
}

// Who is turned away at once may get the answer before the request is sent, which then fails; and a
// socket reports its reset before it gives what came before that.
os::datagram converse(os::channel& line, const control::attach& wanted, const std::string& path) {
  const os::unique_fd self(static_cast<int>(::syscall(SYS_pidfd_open, ::getpid(), 0)));
  if (!self) os::throw_last_error("opening this process's pidfd");
  const int descriptors[] = {self.get()};
  static_cast<void>(line.send(control::kind::attach, wanted, descriptors));
  os::datagram answer;
  const auto until = std::chrono::steady_clock::now() + attach_patience;
  os::receive_result result = line.receive_until(answer, until);
  if (result == os::receive_result::ended) result = line.receive(answer);
  switch (result) {
    case os::receive_result::received:
      break;
    case os::receive_result::nothing:
      throw error(errc::timed_out, "the publisher of '" + path + "' does not answer");
    case os::receive_result::ended:
      throw_gone(path);
    case os::receive_result::garbage:
      throw error(errc::unsupported, "'" + path + "' is no published queue");
  }
  if (answer.head.error == 0) return answer;
  control::failure why;
  if (!answer.read(why)) why.text = "the publisher refused, and its reason is unreadable";
  const std::int32_t code = answer.head.error;
  if (code > 0) throw error(static_cast<errc>(code), why.text);
  throw error({-code, std::system_category()}, why.text);
}

/// Ends a membership when its line hangs up: the keeper there has ended, or has closed it. Held by
/// its own wait.
class line_watch : public std::enable_shared_from_this<line_watch> {
 public:
  line_watch(boost::asio::io_context& loop, int line, std::weak_ptr<process_context> context)
      : line_(loop, line), context_(std::move(context)) {}

  void begin() {
    line_.async_wait(boost::asio::posix::stream_descriptor::wait_error,
                     [self = shared_from_this()](const boost::system::error_code& failure) {
                       if (failure) return;
                       if (const auto there = self->context_.lock()) there->end(errc::owner_gone);
                     });
  }

 private:
  boost::asio::posix::stream_descriptor line_;
  std::weak_ptr<process_context> context_;
};

/// In a child that is asked to stop, the waits in other programs' queues end as well.
class stop_bridge {
 public:
  explicit stop_bridge(std::weak_ptr<process_context> context)
      : callback_(this_process::stop_token(), rouse{std::move(context)}) {}

 private:
  struct rouse {
    std::weak_ptr<process_context> context;
    void operator()() const noexcept {
      if (const auto there = context.lock()) there->rouse();
    }
  };
  std::stop_callback<rouse> callback_;
};

}  // namespace

std::vector<std::shared_ptr<process_context>> attachments::living() {
  std::vector<std::shared_ptr<process_context>> all;
  const std::lock_guard lock(list_mutex_);
  std::erase_if(joined_, [](const auto& one) { return one.expired(); });
  for (const auto& one : joined_) {
    if (auto there = one.lock(); there && there->usable()) all.push_back(std::move(there));
  }
  return all;
}

std::shared_ptr<process_context> attachments::join(process_context& home,
                                                   const control::attach_reply& reply,
                                                   os::channel line) {
  process_context::identity me = home.who();
  me.serial = reply.serial;
  os::unique_fd watched(::fcntl(line.fd(), F_DUPFD_CLOEXEC, 0));
  if (!watched) os::throw_last_error("watching the publisher of a queue");
  auto made =
      std::make_shared<process_context>(me, std::move(line), home.shared_from_this(), reply.tree);
  std::make_shared<line_watch>(*loop_, watched.release(), made)->begin();
  if (process_record::child_context() != nullptr) {
    made->keep(std::make_shared<stop_bridge>(made));
  }
  const std::lock_guard lock(list_mutex_);
  joined_.push_back(made);
  return made;
}

std::shared_ptr<queue_state> attachments::attach(process_context& home,
                                                 const std::filesystem::path& path,
                                                 std::uint64_t fingerprint,
                                                 const std::string& type) {
  const std::lock_guard lock(mutex_);
  const auto members = living();
  control::attach wanted = request_for(fingerprint, type);
  // Another thread may just drop a last handle: its word to the keeper must not come between the
  // keeper's answer to us and our new handle.
  std::vector<std::unique_lock<std::mutex>> pauses;
  for (const auto& one : members) {
    wanted.known.push_back({one->tree(), one->who().serial});
    pauses.push_back(one->pause());
  }
  os::channel line = os::connect_to(path, attach_patience);
  os::datagram answer = converse(line, wanted, path.string());
  control::attach_reply reply;
  if (!answer.read(reply) || answer.descriptors.size() != 3) {
    throw error(errc::unsupported, "'" + path.string() + "' is no published queue");
  }
  for (const auto& one : members) {
    if (one->tree() == reply.tree && one->who().serial == reply.serial) {
      return one->known_locked(reply.queue, answer.descriptors);
    }
  }
  return join(home, reply, std::move(line))->known(reply.queue, answer.descriptors);
}

void attachments::end_all(errc why) noexcept {
  for (const auto& one : living()) one->end(why);
}

}  // namespace bulkhead::detail
