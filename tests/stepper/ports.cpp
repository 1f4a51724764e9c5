#include "stepper/ports.hpp"

namespace stepper {
namespace {

namespace detail = bulkhead::detail;

void set_up(detail::queue_ports& ports, const core::queue_view& queue) {
  const std::uint32_t seat = 1;
  ports.out.gate.give_to(detail::this_thread_mark());
  ports.in.gate.give_to(detail::this_thread_mark());
  ports.out.signs = ports.in.signs = &queue.header().signs;
  ports.in.queue = queue.header().id;
  ports.out.lane = {queue.header().id, seat};
  ports.in.record = &queue.seat(seat).handover;
  static constexpr std::atomic<std::uint32_t> nobody_stops{0};
  ports.in.stop = &nobody_stops;
}

}  // namespace

party_ports::party_ports(stage& s) : worker(&s.worker) {
  set_up(in, s.shared->in());
  set_up(out, s.shared->out());
  worker->in_take.lend(in.in, 0);
  worker->out_send.lend(out.out);
  require(in.in.left() != 0 && out.out.room() != 0, "there is something to lend");
}

bool party_ports::heed_sent() {
  worker->out_send.take_back(out.out);
  const bool sent = worker->out_send.confirm_newest();
  out.out.gate.leave();
  return sent;
}

void turn_to_lent_places(stage& s) {
  const std::uint32_t slots = s.shared->out().ring_slots();
  for (std::uint64_t v = 10'001; core::index_of(s.worker.out_send.staged_first()) != slots - 3;)
    s.turn_lane(s.worker.out_send, v++, 1);
  s.give_subject(10'100);
  s.worker_takes();
  core::acknowledge(s.shared->in(), s.held);
}

}  // namespace stepper
