#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstring>

#include "fuzz/control_bodies.hpp"
#include "fuzz/fuzz.hpp"
#include "os/channel.hpp"

// Datagrams as a hostile process may send them to the keeper. The first byte says what comes along:
// how many descriptors (low two bits), whether the first is a memfd or no segment at all (next
// bit), and how many bytes of the input are in it (the rest, in sixteenths). What is received is
// read as every body.
namespace {

using namespace bulkhead::os;

struct descriptors {
  int fds[3] = {-1, -1, -1};
  int count = 0;
  ~descriptors() {
    for (int n = 0; n < count; ++n) ::close(fds[n]);
  }
};

void open_descriptors(descriptors& out, std::uint8_t how, std::span<const std::uint8_t> content) {
  for (int n = 0; n < (how & 3); ++n) {
    const bool segment = n == 0 && (how & 4) == 0;
    const int fd = segment ? ::memfd_create("fuzz", MFD_CLOEXEC) : ::dup(STDERR_FILENO);
    if (fd < 0) return;
    out.fds[out.count++] = fd;
    if (segment && ::write(fd, content.data(), content.size()) < 0) return;
  }
}

void send_raw(int socket, std::span<const std::uint8_t> bytes, const descriptors& along) {
  iovec part{const_cast<std::uint8_t*>(bytes.data()), bytes.size()};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  alignas(cmsghdr) char room[CMSG_SPACE(sizeof along.fds)] = {};
  if (along.count != 0) {
    const std::size_t used = static_cast<std::size_t>(along.count) * sizeof(int);
    message.msg_control = room;
    message.msg_controllen = CMSG_SPACE(used);
    cmsghdr* c = CMSG_FIRSTHDR(&message);
    c->cmsg_level = SOL_SOCKET;
    c->cmsg_type = SCM_RIGHTS;
    c->cmsg_len = CMSG_LEN(used);
    std::memcpy(CMSG_DATA(c), along.fds, used);
  }
  static_cast<void>(::sendmsg(socket, &message, MSG_NOSIGNAL | MSG_DONTWAIT));
}

}  // namespace

extern "C" int LLVMFuzzerInitialize(int*, char***) {
  bulkhead_fuzz::seed_writer seeds;
  for (const auto& body : bulkhead_fuzz::control_bodies()) {
    auto datagram = bulkhead_fuzz::encoding_of(control::header{control::kind::spawn, 0, 0});
    datagram.insert(datagram.end(), body.seed.begin(), body.seed.end());
    seeds.write(0, datagram);
  }
  seeds.write(1, bulkhead_fuzz::encoding_of(control::header{control::kind::spawn, 1, 0}));
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static auto [ours, theirs] = channel::make_pair();
  if (size < 2) return 0;
  const std::span<const std::uint8_t> content(data + 1, size - 1);
  {
    descriptors along;
    open_descriptors(along, data[0], content.first(content.size() * (data[0] >> 4) / 16));
    send_raw(theirs.fd(), content, along);
  }
  datagram got;
  if (ours.receive(got) != receive_result::received) return 0;
  for (const auto& body : bulkhead_fuzz::control_bodies()) body.read(got.body);
  return 0;
}
