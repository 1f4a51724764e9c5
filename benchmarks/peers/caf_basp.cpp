// CAF's own transport between processes (BASP over TCP on this machine): the message as a string
// from actor to actor.
#include <unistd.h>
#include <atomic>
#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/io/middleman.hpp>
#include <caf/scoped_actor.hpp>
#include <cstring>
#include <new>

#include "common/cast.hpp"
#include "common/shared_memory.hpp"

namespace {

using namespace bench;
using port_word = std::atomic<std::uint32_t>;

class node {
 public:
  node() : config_(), system_((config_.load<caf::io::middleman>(), config_)), self_(system_) {}

  void open(port_word& port) {
    const auto opened =
        system_.middleman().publish(caf::actor_cast<caf::actor>(self_.ptr()), 0, "127.0.0.1");
    if (!opened) throw std::runtime_error("publish failed");
    port = *opened;
  }
  void connect(const port_word& port) {
    while (port == 0) usleep(1000);
    auto found = system_.middleman().remote_actor("127.0.0.1", static_cast<std::uint16_t>(port));
    if (!found) throw std::runtime_error("remote_actor failed");
    peer_ = *found;
  }

  template <class Message>
  void send(const Message& m) {
    self_->send(peer_, std::string(reinterpret_cast<const char*>(&m), sizeof m));
  }
  template <class Message>
  void receive(Message& m) {
    self_->receive([&](const std::string& bytes) {
      if (bytes.size() != sizeof m) wrong_message("size", sizeof m, bytes.size());
      std::memcpy(&m, bytes.data(), sizeof m);
      // Answers go back to whoever asked.
      if (!peer_) peer_ = caf::actor_cast<caf::actor>(self_->current_sender());
    });
  }

 private:
  caf::actor_system_config config_;
  caf::actor_system system_;
  caf::scoped_actor self_;
  caf::actor peer_;
};

template <std::size_t Bytes>
void run_size(const job& what) {
  using letter = message<Bytes>;
  scoreboard board;
  const shared_memory memory(sizeof(port_word));
  port_word& port = *new (memory.data()) port_word(0);
  const bool round_trip = what.mode == "round_trip";
  // The systems end with their processes: an orderly end takes seconds.
  fork_all(
      {{what.consumer_cpu,
        [&] {
          auto& here = *new node;
          here.open(port);
          round_trip ? answer<letter>(what, board, here, here) : consume<letter>(what, board, here);
        }},
       {what.producer_cpu, [&] {
          auto& here = *new node;
          here.connect(port);
          round_trip ? ask<letter>(what, board, here, here) : produce<letter>(what, board, 0, here);
        }}});
  board.print();
}

void run(const job& what) {
  if (what.producers + what.consumers > 2) throw unsupported("pairs only");
  switch (what.bytes) {
    case 8:
      return run_size<8>(what);
    case 64:
      return run_size<64>(what);
    case 1024:
      return run_size<1024>(what);
    case 65536:
      return run_size<65536>(what);
    default:
      throw unsupported("this size");
  }
}

}  // namespace

int main(int argc, char** argv) { return bench::run_program(argc, argv, run); }
