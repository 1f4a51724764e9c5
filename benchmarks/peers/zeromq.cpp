// ZeroMQ push and pull over its ipc transport.
#include <unistd.h>
#include <zmq.h>
#include <string>

#include "common/cast.hpp"

namespace {

void check(bool well) {
  if (!well) throw std::runtime_error(zmq_strerror(zmq_errno()));
}

template <class Message>
class channel {
 public:
  channel(const bench::job& what, unsigned direction)
      : address_("ipc://@bulkhead-bench-" + std::to_string(getpid()) + "-" +
                 std::to_string(direction)),
        slots_(static_cast<int>(what.slots)),
        one_sender_(what.producers == 1),
        peers_(what.producers + what.consumers) {}

  class end {
   public:
    end(const channel& c, int kind) : context_(zmq_ctx_new()), socket_(zmq_socket(context_, kind)) {
      check(socket_ != nullptr);
      const int kept = kind == ZMQ_PUSH ? ZMQ_SNDHWM : ZMQ_RCVHWM;
      check(zmq_setsockopt(socket_, kept, &c.slots_, sizeof c.slots_) == 0);
      const bool binds = c.one_sender_ == (kind == ZMQ_PUSH);
      const auto join = binds ? zmq_bind : zmq_connect;
      check(join(socket_, c.address_.c_str()) == 0);
      // With several on a side, the messages go to those that are there already.
      if (c.peers_ > 2) usleep(200'000);
    }
    void send(const Message& m) { check(zmq_send(socket_, &m, sizeof m, 0) == sizeof m); }
    void receive(Message& m) { check(zmq_recv(socket_, &m, sizeof m, 0) == sizeof m); }

   private:
    // The process ends with them.
    void* context_;
    void* socket_;
  };
  end sender(unsigned) { return end(*this, ZMQ_PUSH); }
  end receiver(unsigned) { return end(*this, ZMQ_PULL); }

 private:
  std::string address_;
  int slots_;
  bool one_sender_;
  unsigned peers_;
};

}  // namespace

int main(int argc, char** argv) {
  return bench::run_program(argc, argv, bench::run_channel_of_size<channel>);
}
