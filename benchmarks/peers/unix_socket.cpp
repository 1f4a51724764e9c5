// A pair of Unix sockets that keep message boundaries (SOCK_SEQPACKET).
#include <sys/socket.h>

#include "peers/descriptor_channel.hpp"

namespace {

int open_sockets(int (&fds)[2]) { return socketpair(AF_UNIX, SOCK_SEQPACKET, 0, fds); }

template <class Message>
using channel = bench::descriptor_channel<Message, open_sockets>;

void run(const bench::job& what) {
  if (what.producers + what.consumers > 2) throw bench::unsupported("it has two ends");
  bench::run_channel_of_size<channel>(what);
}

}  // namespace

int main(int argc, char** argv) { return bench::run_program(argc, argv, run); }
