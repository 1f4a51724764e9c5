// nng push and pull over its abstract socket transport.
#include <nng/nng.h>
#include <nng/protocol/pipeline0/pull.h>
#include <nng/protocol/pipeline0/push.h>
#include <unistd.h>
#include <string>

#include "common/cast.hpp"

namespace {

void check(int error) {
  if (error != 0) throw std::runtime_error(nng_strerror(error));
}

template <class Message>
class channel {
 public:
  channel(const bench::job& what, unsigned direction)
      : address_("abstract://bulkhead-bench-" + std::to_string(getpid()) + "-" +
                 std::to_string(direction)) {
    if (what.producers + what.consumers > 2) throw bench::unsupported("pairs only");
  }

  class end {
   public:
    end(const std::string& address, bool sends) {
      check(sends ? nng_push0_open(&socket_) : nng_pull0_open(&socket_));
      if (sends) {
        check(nng_dial(socket_, address.c_str(), nullptr, NNG_FLAG_NONBLOCK));
      } else {
        check(nng_listen(socket_, address.c_str(), nullptr, 0));
      }
    }
    void send(const Message& m) {
      // The interface takes what it does not change as changeable.
      check(nng_send(socket_, const_cast<Message*>(&m), sizeof m, 0));
    }
    void receive(Message& m) {
      std::size_t size = sizeof m;
      check(nng_recv(socket_, &m, &size, 0));
    }

   private:
    nng_socket socket_{};
  };
  end sender(unsigned) { return end(address_, true); }
  end receiver(unsigned) { return end(address_, false); }

 private:
  std::string address_;
};

}  // namespace

int main(int argc, char** argv) {
  return bench::run_program(argc, argv, bench::run_channel_of_size<channel>);
}
