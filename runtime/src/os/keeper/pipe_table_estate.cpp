#include "os/keeper/estate.hpp"
#include "os/keeper/pipe_table.hpp"

// What the keeper leaves of its pipes, and how the next one takes it up.
namespace bulkhead::os {

void pipe_table::write_down(ledger& to, depositor& vault) {
  for (auto& [id, pipe] : pipes_) {
    if (!std::exchange(pipe.deposited, true)) {
      vault.put(estate::of_pipe, id, pipe.memory->descriptors());
    }
    if (std::exchange(pipe.touched, false)) {
      to.put({estate::of_pipe, 0, id, 0}, note{pipe.name, pipe.ends});
    }
  }
  for (const std::uint64_t id : std::exchange(gone_, {})) {
    to.erase({estate::of_pipe, 0, id, 0});
    vault.withdraw(estate::of_pipe, id);
  }
}

void pipe_table::visit_deposits(const depositor::visitor& visit) const {
  for (const auto& [id, pipe] : pipes_) visit(estate::of_pipe, id, pipe.memory->descriptors());
}

void pipe_table::restore(std::uint64_t id, const note& as, std::vector<unique_fd> descriptors) {
  pipe_descriptors parts;
  parts.segment = std::move(descriptors.at(0));
  for (std::size_t n = 0; n < 2; ++n) parts.bells[n] = std::move(descriptors.at(n + 1));
  record made;
  made.id = id;
  made.name = as.name;
  made.memory = std::make_unique<pipe_memory>(std::move(parts), *os_, pipe_memory::role::keeper);
  made.ends = as.ends;
  made.deposited = true;
  pipes_[id] = std::move(made);
}

}  // namespace bulkhead::os
