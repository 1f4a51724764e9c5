// boost::lockfree::spsc_queue in shared memory: it has no way to wait, so both sides spin.
#include <algorithm>
#include <boost/lockfree/spsc_queue.hpp>
#include <new>

#include "common/cast.hpp"
#include "common/shared_memory.hpp"
#include "raw/waits.hpp"

namespace {

template <class Message>
class channel {
  // Its size is a constant; the same as rows.py gives to others.
  static constexpr std::size_t slots =
      std::clamp<std::size_t>((std::size_t{4} << 20) / sizeof(Message), 16, 4096);
  using ring = boost::lockfree::spsc_queue<Message, boost::lockfree::capacity<slots>>;

 public:
  channel(const bench::job& what, unsigned)
      : memory_(sizeof(ring)), ring_(new (memory_.data()) ring) {
    if (what.producers != 1 || what.consumers != 1) throw bench::unsupported("it has two ends");
  }

  class end {
   public:
    explicit end(channel& c) : ring_(c.ring_) {}
    void send(const Message& m) {
      while (!ring_->push(m)) bench::relax();
    }
    void receive(Message& m) {
      while (!ring_->pop(m)) bench::relax();
    }

   private:
    ring* ring_;
  };
  end sender(unsigned) { return end(*this); }
  end receiver(unsigned) { return end(*this); }

 private:
  bench::shared_memory memory_;
  ring* ring_;
};

}  // namespace

int main(int argc, char** argv) {
  return bench::run_program(argc, argv, bench::run_channel_of_size<channel>);
}
