#include "reattachment.hpp"

#include <algorithm>
#include <bulkhead/errc.hpp>

#include "attach_conversation.hpp"
#include "os/published_name.hpp"

namespace bulkhead::detail {

namespace control = os::control;

void reattachment::add(std::string path, std::uint64_t fingerprint, std::string type) {
  const std::lock_guard lock(mutex_);
  const auto same = [&](const door& d) { return d.path == path; };
  std::erase_if(doors_, same);
  doors_.push_back({std::move(path), fingerprint, std::move(type)});
}

// Whoever does not know us by that name may not be the one whose queues we have.
bool reattachment::knock(const door& at, os::channel& line) const {
  try {
    control::attach wanted = attach_request(at.fingerprint, at.type);
    wanted.known.push_back(known_);
    line = os::connect_to(at.path, attach_patience);
    const os::datagram answer = attach_over(line, wanted, at.path);
    control::attach_reply reply;
    return answer.read(reply) && reply.tree == known_.tree && reply.serial == known_.serial;
  } catch (const std::exception&) {
    return false;
  }
}

os::channel reattachment::next() {
  const std::lock_guard lock(mutex_);
  for (const door& at : doors_) {
    os::channel line;
    if (knock(at, line)) return line;
  }
  throw error(errc::owner_gone, "the publisher's keeper is gone, and no other follows it");
}

}  // namespace bulkhead::detail
