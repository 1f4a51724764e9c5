// pipe(2): one write and one read a message.
#include "peers/descriptor_channel.hpp"

namespace {

int open_pipe(int (&fds)[2]) { return pipe(fds); }

template <class Message>
using channel = bench::descriptor_channel<Message, open_pipe>;

void run(const bench::job& what) {
  // A message of more than PIPE_BUF bytes may be torn by another writer, or reader.
  if (what.producers + what.consumers > 2) throw bench::unsupported("it has two ends");
  bench::run_channel_of_size<channel>(what);
}

}  // namespace

int main(int argc, char** argv) { return bench::run_program(argc, argv, run); }
