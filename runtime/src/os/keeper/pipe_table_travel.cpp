#include <bulkhead/errc.hpp>

#include "os/keeper/pipe_table.hpp"

// Ends in messages. A message names an end from before its publication until it is settled; whoever
// decodes it meanwhile, and finds that nobody has the end, gets it.
namespace bulkhead::os {
namespace {

std::uint32_t number_of(std::uint64_t end) { return static_cast<std::uint32_t>(end & 1); }

}  // namespace

// An end that came to a supervised child as an argument is its next incarnation's.
void pipe_table::check_may_send(std::uint64_t name, std::uint32_t serial) {
  const record& pipe = at(name);
  const record::end& end = pipe.ends[number_of(name)];
  if (!end.now || end.now->who.serial != serial) {
    throw error(make_error_code(errc::not_permitted),
                "this end of pipe '" + pipe.name + "' is not the sender's to send");
  }
  if (end.home.resume_key != 0) {
    throw error(make_error_code(errc::not_permitted),
                "this end of pipe '" + pipe.name +
                    "' is a supervised child's argument, and so its next incarnation's");
  }
}

void pipe_table::send_off(std::uint64_t name) {
  record& pipe = at(name);
  record::end& end = pipe.ends[number_of(name)];
  pipe.touched = true;
  end.now.reset();
  end.status = exit_status{};
  end.carried = true;
}

void pipe_table::give_back(std::uint64_t name) {
  if (!has(name)) return;
  record& pipe = at(name);
  record::end& end = pipe.ends[number_of(name)];
  pipe.touched = true;
  if (!end.now) end.now = end.last;
  end.carried = false;
}

void pipe_table::settle(std::uint64_t name) {
  if (!has(name)) return;
  record& pipe = at(name);
  record::end& end = pipe.ends[number_of(name)];
  pipe.touched = true;
  if (!std::exchange(end.carried, false) || end.now || end.home.resume_key != 0) return;
  set_state(pipe, number_of(name),
            end.status.success() ? core::end_state::closed : core::end_state::crashed);
  drop_unheld();
}

// After another one who had it the peer hears of a restart: what that one had begun does not go on.
pipe_table::record& pipe_table::claim(std::uint64_t name, const holder& by) {
  record& pipe = at(name);
  record::end& end = pipe.ends[number_of(name)];
  if (end.now || !end.carried) {
    throw error(make_error_code(errc::closed),
                "this end of pipe '" + pipe.name + "' is another's by now, or closed");
  }
  const auto state = pipe.memory->view().record(number_of(name)).state.load();
  if (state == core::end_state::awaited) {
    mark_restart(pipe, number_of(name));
    set_state(pipe, number_of(name), core::end_state::open);
  }
  end.now = by;
  end.last = by;
  pipe.touched = true;
  return pipe;
}

}  // namespace bulkhead::os
