"""What a line VAE is trained on: lines, visibility, a KL, and a linear read-out."""

import torch
import torch.nn.functional as F
from torch import Tensor

from hotfoot.model.vae import LineVAE


def vae_loss(
    model: LineVAE,
    center: Tensor,
    value: Tensor,
    kl_weight: float,
    noise: Tensor,
    read_weight: float = 30.0,
    robust: Tensor | None = None,
) -> dict[str, Tensor]:
    """Cross-entropy over bins + visibility + KL, for single-channel lines [N, T].

    Args:
        center: bins [N, T].
        value: hot values [N, T]; bins count only where the line is seen.
        kl_weight: weight of the KL to a standard normal, per latent element.
        noise: standard normal, shape of the latent.
        read_weight: of the error of the linear read-out, where there is one.
        robust: [N] standard deviation of noise that the decoder must withstand besides.

    Returns:
        ``loss`` and its parts.
    """
    mean, logvar = model.moments(model.embed_lines(center, value))
    sigma = torch.exp(0.5 * logvar)
    if robust is not None:
        sigma = (sigma.square() + robust.square().reshape(-1, 1, 1, 1)).sqrt()
    latent = mean + noise * sigma
    bins, seen = model.logits(latent)
    c = model.config
    logp = bins.float().log_softmax(dim=1)
    reach = int(4 * c.profile_sigma + 0.5) if c.profile_sigma else 0
    nearest = torch.floor(center + 0.5)
    offsets = torch.arange(-reach, reach + 1, device=center.device)[None, :, None]
    at = nearest[:, None] + offsets
    inside = (at >= 0) & (at < c.bins)
    weight = inside.float()
    if c.profile_sigma:
        weight = weight * torch.exp(-0.5 * ((at - center[:, None]) / c.profile_sigma) ** 2)
    weight = weight / weight.sum(dim=1, keepdim=True)
    picked = logp.gather(1, at.clamp(0, c.bins - 1).long())
    lit = (value > 0).float()
    line = -((weight * picked).sum(dim=1) * lit).sum() / lit.sum().clamp(min=1)
    visible = F.binary_cross_entropy_with_logits(seen.float(), lit if c.linear else value)
    kl = -0.5 * (1 + logvar - mean**2 - logvar.exp()).mean()
    parts = {"line": line, "seen": visible, "kl": kl}
    loss = line + visible + kl_weight * kl
    if c.linear:
        parts["read"] = read_error(model, mean, center, lit)
        loss = loss + read_weight * parts["read"]
    return {"loss": loss, **parts}


def read_error(model: LineVAE, latent: Tensor, center: Tensor, lit: Tensor) -> Tensor:
    """Squared error of the read-out in units squared, and of its frame differences, where seen."""
    assert model.read is not None
    miss = (model.coordinates(latent)[:, 0] - center) / model.read.unit
    both = lit[:, 1:] * lit[:, :-1]
    place = (miss.square() * lit).sum() / lit.sum().clamp(min=1)
    steps = (miss.diff(dim=1).square() * both).sum() / both.sum().clamp(min=1)
    return place + 4 * steps
