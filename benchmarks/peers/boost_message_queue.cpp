// Boost.Interprocess message_queue: bounded, a mutex and two conditions in shared memory.
#include <unistd.h>
#include <boost/interprocess/ipc/message_queue.hpp>
#include <string>

#include "common/cast.hpp"

namespace {

namespace ipc = boost::interprocess;

template <class Message>
class channel {
 public:
  channel(const bench::job& what, unsigned direction)
      : name_("bulkhead-bench-" + std::to_string(getpid()) + "-" + std::to_string(direction)),
        queue_(ipc::create_only, name_.c_str(), what.slots, sizeof(Message)) {}
  channel(const channel&) = delete;
  channel& operator=(const channel&) = delete;
  ~channel() { ipc::message_queue::remove(name_.c_str()); }

  class end {
   public:
    explicit end(channel& c) : queue_(&c.queue_) {}
    void send(const Message& m) { queue_->send(&m, sizeof m, 0); }
    void receive(Message& m) {
      ipc::message_queue::size_type size = 0;
      unsigned priority = 0;
      queue_->receive(&m, sizeof m, size, priority);
    }

   private:
    ipc::message_queue* queue_;
  };
  end sender(unsigned) { return end(*this); }
  end receiver(unsigned) { return end(*this); }

 private:
  std::string name_;
  ipc::message_queue queue_;
};

}  // namespace

int main(int argc, char** argv) {
  return bench::run_program(argc, argv, bench::run_channel_of_size<channel>);
}
