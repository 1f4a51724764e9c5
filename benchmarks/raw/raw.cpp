// The raw limits: what the machine gives to a program that knows no crash.
//   spsc, spsc_yield, spsc_park    one way and round trips over the plain ring
//   spsc_batch, spsc_in_place      one way
//   vyukov, vyukov_wide            one way, any number of producers and consumers
//   futex, spin_futex, spin        round trips over one mailbox
#include "raw/futex_mailbox.hpp"
#include "raw/mpmc_ring.hpp"
#include "raw/special_roles.hpp"
#include "raw/spsc_ring.hpp"

namespace {

using namespace bench;

constexpr unsigned spins_before_sleep = 2000;

void only_pairs(const job& what) {
  if (what.producers != 1 || what.consumers != 1) throw unsupported("a ring has two ends");
}

template <template <class> class Run>
void of_size(const job& what) {
  switch (what.bytes) {
    case 8:
      return Run<message<8>>::run(what);
    case 64:
      return Run<message<64>>::run(what);
    case 1024:
      return Run<message<1024>>::run(what);
    case 65536:
      return Run<message<65536>>::run(what);
    default:
      throw unsupported("messages of " + std::to_string(what.bytes) + " bytes");
  }
}

template <class Message>
struct batched {
  static void run(const job& what) { run_batched<Message>(what); }
};
template <class Message>
struct in_place {
  static void run(const job& what) { run_in_place<Message>(what); }
};

void run(const job& what) {
  const std::string v = what.variant.empty() ? "spsc" : what.variant;
  if (v.starts_with("spsc")) only_pairs(what);
  if (v == "spsc") return run_channel_of_size<spsc_channel<spinning>::of>(what);
  if (v == "spsc_yield") return run_channel_of_size<spsc_channel<yielding>::of>(what);
  if (v == "spsc_park") return run_channel_of_size<spsc_channel<parking>::of>(what);
  if (v == "spsc_batch") return of_size<batched>(what);
  if (v == "spsc_in_place") return of_size<in_place>(what);
  if (v == "vyukov") return run_channel_of_size<mpmc_channel<yielding, 8>::of>(what);
  if (v == "vyukov_wide") return run_channel_of_size<mpmc_channel<yielding, 64>::of>(what);
  if (v == "futex") return run_channel_of_size<futex_channel<0>::of>(what);
  if (v == "spin_futex") return run_channel_of_size<futex_channel<spins_before_sleep>::of>(what);
  if (v == "spin") return run_channel_of_size<futex_channel<~0u>::of>(what);
}

}  // namespace

int main(int argc, char** argv) {
  return bench::run_program(
      argc, argv, run,
      {.variants = {"spsc", "spsc_yield", "spsc_park", "spsc_batch", "spsc_in_place", "vyukov",
                    "vyukov_wide", "futex", "spin_futex", "spin"}});
}
