#include "attach_conversation.hpp"

#include <sys/syscall.h>
#include <unistd.h>

#include <bulkhead/errc.hpp>
#include <bulkhead/version.hpp>
#include <fstream>

#include "core/queue_layout.hpp"
#include "os/system_failure.hpp"
#include "process_context.hpp"
#include "process_record.hpp"

namespace bulkhead::detail {

namespace control = os::control;

namespace {

std::string program_name() {
  if (const auto& child = process_record::child_context()) return child->who().name;
  std::string name;
  std::getline(std::ifstream("/proc/self/comm"), name);
  return name;
}

}  // namespace

control::attach attach_request(std::uint64_t fingerprint, const std::string& type) {
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

namespace {

[[noreturn]] void throw_gone(const std::string& path) {
  throw error(errc::owner_gone, "the publisher of '" + path + "' ended while we attached");
}

}  // namespace

// Who is turned away at once may get the answer before the request is sent, which then fails; and a
// socket reports its reset before it gives what came before that.
os::datagram attach_over(os::channel& line, const control::attach& wanted,
                         const std::string& path) {
  const os::unique_fd self(static_cast<int>(::syscall(SYS_pidfd_open, ::getpid(), 0)));
  if (!self) os::throw_last_error("opening this process's pidfd");
  const int descriptors[] = {self.get()};
  const std::error_code failed = line.send(control::kind::attach, wanted, descriptors);
  if (os::has_too_many_under_way(failed)) {
    throw error(failed, "asking the publisher of '" + path + "'");
  }
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

}  // namespace bulkhead::detail
