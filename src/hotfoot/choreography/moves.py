"""The moves: a table of key poses on counts, in families.

A key is the pose that is reached on a count (halves and quarters are allowed); between keys the
body eases from one to the next. What a key does not name is neutral. A move ends where it began, so
that any move can follow any other. Arm patterns leave the legs free, so they can be danced over
grooves, steps and kicks.
"""

import math

from hotfoot.choreography.key_poses import Move, Place, key, make_move

# Where hands are: out, up, ahead of the shoulder, in arm lengths.
_HIP: Place = (0.06, -0.74, 0.12)
_CHEST: Place = (-0.22, -0.28, 0.5)
_UP: Place = (0.1, 0.93, 0.12)
_SIDE: Place = (0.95, 0.02, 0.08)
_FRONT: Place = (-0.05, -0.02, 0.94)
_HIGH_V: Place = (0.55, 0.76, 0.12)
_LOW_V: Place = (0.55, -0.76, 0.15)
_CLAP: Place = (-0.3, -0.15, 0.62)
_CLAP_UP: Place = (-0.28, 0.72, 0.35)
_BENT: Place = (0.22, -0.45, 0.45)
_CROSS: Place = (-0.45, -0.3, 0.42)
_GUARD: Place = (-0.02, -0.05, 0.42)
_HEAD: Place = (0.12, 0.42, 0.05)
_AHEAD: Place = (0.12, -0.62, 0.5)
_BACK: Place = (0.22, -0.8, -0.3)
_HANG: Place = (0.18, -0.9, 0.14)
_OUT = 0.26  # meters that a foot steps aside
_PI = math.pi
_HELD = {"bounce": 0.008, "sharp": 0.75}

_GROOVES = (
    make_move("bounce", "groove", 2, key(0, arms=_BENT, py=-0.02), key(1, arms=(0.26, -0.55, 0.36)),
          bounce=0.07, sharp=0.1, energy=0.4),
    make_move("rock", "groove", 2,
          key(0, px=0.1, side=0.1, proll=-0.1, left=_AHEAD, right=_BACK, twist=-0.15),
          key(1, px=-0.1, side=-0.1, proll=0.1, left=_BACK, right=_AHEAD, twist=0.15),
          bounce=0.04, energy=0.25),
    make_move("sway", "groove", 4, key(0, px=0.11, side=-0.12, tilt=0.1, left=(0.4, -0.8, 0.2)),
          key(2, px=-0.11, side=0.12, tilt=-0.1, right=(0.4, -0.8, 0.2)),
          bounce=0.015, sharp=0.0, energy=0.1),
    make_move("hip circle", "groove", 4, key(0, px=0.1, proll=-0.14, arms=_BENT),
          key(1, pz=0.09, lean=-0.1, arms=_BENT), key(2, px=-0.1, proll=0.14, arms=_BENT),
          key(3, pz=-0.1, lean=0.16, arms=_BENT), bounce=0.01, sharp=0.0, angle=0.3, energy=0.3),
    make_move("twist", "groove", 2, key(0, pyaw=0.5, twist=-0.35, py=-0.07, left=_AHEAD, right=_BACK),
          key(1, pyaw=-0.5, twist=0.35, py=-0.07, left=_BACK, right=_AHEAD),
          bounce=0.03, energy=0.55),
    make_move("shoulders", "groove", 2,
          key(0, ls=0.06, side=-0.08, px=0.04, arms=_BENT),
          key(1, rs=0.06, side=0.08, px=-0.04, arms=_BENT), bounce=0.03, sharp=0.5, energy=0.3),
    make_move("bogle", "groove", 4, key(0, lean=0.3, py=-0.1, chest=-0.05, arms=_AHEAD),
          key(1, lean=0.05, py=-0.05, chest=0.07, arms=_BENT),
          key(2, lean=-0.12, py=-0.01, chest=0.05, arms=_BACK),
          key(3, lean=0.1, py=-0.12, arms=_BENT), bounce=0.02, sharp=0.1, angle=0.7, energy=0.45),
    make_move("two knees", "groove", 2,
          key(0, rf=(0.05, 0.05, 0.05), px=0.11, py=-0.04, side=0.08, left=_GUARD, right=_LOW_V),
          key(1, lf=(0.05, 0.05, 0.05), px=-0.11, py=-0.04, side=-0.08, left=_LOW_V,
              right=_GUARD), bounce=0.05, energy=0.4),
    make_move("snap", "groove", 4,
          key(0, px=0.08, left=(0.4, -0.3, 0.5), right=_HANG, look=0.35, side=0.07),
          key(1, px=0.03, left=_BENT), key(2, px=-0.08, right=(0.4, -0.3, 0.5), look=-0.35,
                                           side=-0.07),
          key(3, px=-0.03, right=_BENT), bounce=0.035, sharp=0.4, energy=0.2),
)  # fmt: skip

_STEPS = (
    make_move("step touch", "step", 4,
          key(0, lf=(_OUT, 0, 0), sx=0.0, px=0.06, left=_AHEAD, right=_BACK),
          key(1, sx=0.26, left=_BENT, right=_BENT, px=0.03),
          key(2, sx=0.26, rf=(_OUT, 0, 0), px=-0.06, left=_BACK, right=_AHEAD),
          key(3, px=-0.03, arms=_BENT), bounce=0.035, energy=0.35),
    make_move("grapevine", "step", 8,
          key(0, lf=(0.3, 0, 0), px=0.08, arms=(0.5, -0.6, 0.2)),
          key(1, sx=0.3, rf=(-0.22, 0, -0.14), twist=0.1, arms=_BENT),
          key(2, sx=0.3, lf=(0.3, 0, 0), px=0.08, arms=(0.5, -0.6, 0.2)),
          key(3, sx=0.6, rf=(0.02, 0.02, 0.04), arms=_CLAP),
          key(4, sx=0.6, rf=(0.3, 0, 0), px=-0.08, arms=(0.5, -0.6, 0.2)),
          key(5, sx=0.3, lf=(-0.22, 0, -0.14), twist=-0.1, arms=_BENT),
          key(6, sx=0.3, rf=(0.3, 0, 0), px=-0.08, arms=(0.5, -0.6, 0.2)),
          key(7, lf=(0.02, 0.02, 0.04), arms=_CLAP), bounce=0.03, energy=0.5),
    make_move("box step", "step", 4,
          key(0, lf=(-0.16, 0, 0.24), twist=-0.15, left=_AHEAD, right=_BACK),
          key(1, lf=(-0.16, 0, 0.24), rf=(0.02, 0, -0.2), twist=0.1, arms=_BENT),
          key(2, lf=(0.2, 0, -0.12), rf=(0.02, 0, -0.2), left=_BACK, right=_AHEAD),
          key(3, arms=_BENT), bounce=0.03, energy=0.4, alternates=True),
    make_move("march", "step", 2,
          key(0, lf=(0, 0.16, 0.14), px=-0.05, left=_BACK, right=_AHEAD),
          key(1, rf=(0, 0.16, 0.14), px=0.05, left=_AHEAD, right=_BACK),
          bounce=0.02, sharp=0.4, energy=0.45),
    make_move("mambo", "step", 4,
          key(0, lf=(0, 0, 0.26), pz=0.08, proll=0.1, left=_BENT, right=_AHEAD, twist=-0.12),
          key(1, px=-0.04, proll=-0.08, arms=_BENT),
          key(2, rf=(0, 0, -0.24), pz=-0.06, proll=-0.1, left=_AHEAD, right=_BENT, twist=0.12),
          key(3, px=0.04, proll=0.08, arms=_BENT), bounce=0.02, sharp=0.2, angle=0.6, energy=0.45),
    make_move("cha cha", "step", 4,
          key(0, lf=(0, 0, 0.24), pz=0.06, proll=0.12, arms=_BENT, twist=-0.15),
          key(1, proll=-0.1, arms=_BENT, px=-0.05),
          key(2, lf=(0.2, 0, 0), px=0.07, proll=-0.12, arms=(0.35, -0.5, 0.35)),
          key(2.5, lf=(0.2, 0, 0), rf=(-0.12, 0, 0), px=0.1, arms=_BENT),
          key(3, lf=(0.3, 0, 0), px=0.1, proll=-0.14, arms=(0.35, -0.5, 0.35)),
          bounce=0.015, sharp=0.25, energy=0.55, alternates=True),
    make_move("charleston", "step", 4,
          key(0, lf=(0, 0, 0.22), left=_BACK, right=_AHEAD, py=-0.03),
          key(1, lf=(0, 0, 0.22), rf=(0, 0.2, 0.5), left=_AHEAD, right=_BACK, lean=-0.08),
          key(2, rf=(0, 0, -0.2), left=_BACK, right=_AHEAD, py=-0.03),
          key(3, rf=(0, 0, -0.2), lf=(0, 0.1, -0.45), left=_AHEAD, right=_BACK, lean=0.2),
          bounce=0.03, sharp=0.3, angle=0.6, energy=0.7),
    make_move("running man", "step", 2,
          key(0, lf=(0, 0, 0.2), rf=(0, 0, -0.22), left=_GUARD, right=_BENT, py=-0.05, lean=0.1),
          key(0.5, lf=(0, 0.3, 0.18), rf=(0, 0, 0), arms=_BENT),
          key(1, lf=(0, 0, -0.22), rf=(0, 0, 0.2), left=_BENT, right=_GUARD, py=-0.05, lean=0.1),
          key(1.5, rf=(0, 0.3, 0.18), lf=(0, 0, 0), arms=_BENT),
          bounce=0.02, energy=0.9),
    make_move("v step", "step", 4,
          key(0, lf=(0.2, 0, 0.2), px=0.07, left=_HIGH_V, right=_BENT),
          key(1, lf=(0.2, 0, 0.2), rf=(0.2, 0, 0.2), arms=_HIGH_V),
          key(2, rf=(0.2, 0, 0.2), px=-0.04, left=_LOW_V, right=_HIGH_V),
          key(3, arms=_LOW_V), bounce=0.03, sharp=0.4, energy=0.55),
    make_move("heel dig", "step", 4,
          key(0, lf=(0.08, 0.03, 0.3), px=-0.06, lean=0.05, left=_AHEAD, right=_HIP, re=1),
          key(1, arms=_BENT),
          key(2, rf=(0.08, 0.03, 0.3), px=0.06, lean=0.05, right=_AHEAD, left=_HIP, le=1),
          key(3, arms=_BENT), bounce=0.035, sharp=0.35, angle=0.4, energy=0.4),
    make_move("toe back", "step", 4,
          key(0, lf=(-0.2, 0.03, -0.22), px=-0.05, twist=-0.2, left=_FRONT, right=_SIDE),
          key(1, arms=_BENT),
          key(2, rf=(-0.2, 0.03, -0.22), px=0.05, twist=0.2, left=_SIDE, right=_FRONT),
          key(3, arms=_BENT), bounce=0.03, sharp=0.4, energy=0.45),
    make_move("slide", "step", 4,
          key(0, lf=(0.42, 0, 0), py=-0.12, px=0.12, left=_SIDE, right=_CHEST, side=0.1),
          key(1, sx=0.4, lf=(0.02, 0, 0), px=0.04, arms=_BENT),
          key(2, sx=0.4, rf=(0.42, 0, 0), py=-0.12, px=-0.12, left=_CHEST, right=_SIDE,
              side=-0.1),
          key(3, px=-0.04, arms=_BENT), bounce=0.01, sharp=0.5, energy=0.5, slides=True),
    make_move("cross step", "step", 4,
          key(0, lf=(-0.3, 0, 0.14), twist=-0.25, pyaw=-0.2, left=_CHEST, right=_BACK),
          key(1, arms=(0.5, -0.5, 0.2)),
          key(2, rf=(-0.3, 0, 0.14), twist=0.25, pyaw=0.2, right=_CHEST, left=_BACK),
          key(3, arms=(0.5, -0.5, 0.2)), bounce=0.035, energy=0.45),
    make_move("walk ahead", "step", 8,
          key(0, lf=(0, 0, 0.28), sz=0.0, left=_BACK, right=_AHEAD, proll=0.06),
          key(1, sz=0.28, rf=(0, 0, 0.28), left=_AHEAD, right=_BACK, proll=-0.06),
          key(2, sz=0.56, lf=(0, 0, 0.1), left=_BACK, right=_AHEAD, proll=0.06),
          key(3, sz=0.6, rf=(0.05, 0.03, 0.12), arms=_HIP, le=1, re=1, look=0.3),
          key(4, sz=0.6, rf=(0, 0, -0.22), left=_AHEAD, right=_BACK),
          key(5, sz=0.36, lf=(0, 0, -0.22), left=_BACK, right=_AHEAD),
          key(6, sz=0.1, rf=(0, 0, -0.1), left=_AHEAD, right=_BACK),
          key(7, arms=_CLAP), bounce=0.025, angle=0.4, energy=0.4),
)  # fmt: skip

_ARMS = (
    make_move("clap", "arms", 2, key(0, arms=(0.35, -0.3, 0.5)), key(1, arms=_CLAP, nod=0.1),
          sharp=0.5, energy=0.5),
    make_move("clap overhead", "arms", 2, key(0, arms=_SIDE), key(1, arms=_CLAP_UP, nod=-0.15),
          sharp=0.3, energy=0.75),
    make_move("raise the roof", "arms", 2, key(0, arms=(0.2, 0.25, 0.2), le=1, re=1),
          key(1, arms=(0.16, 0.75, 0.2)), sharp=0.3, energy=0.8),
    make_move("punches", "arms", 2, key(0, left=_FRONT, right=_GUARD), key(1, left=_GUARD,
                                                                    right=_FRONT),
          sharp=0.6, energy=0.8),
    make_move("disco point", "arms", 4, key(0, right=_HIGH_V, left=_HIP, le=1, look=-0.4, nod=-0.1),
          key(2, right=(-0.55, -0.7, 0.4), left=_HIP, le=1, look=0.3, nod=0.15),
          sharp=0.5, energy=0.65, alternates=True),
    make_move("wave arms", "arms", 4,
          key(0, left=(0.9, 0.3, 0.1), right=(0.9, -0.25, 0.1), le=0.5),
          key(1, left=(0.8, 0.05, 0.1), right=(0.85, 0.0, 0.1), ls=0.03),
          key(2, left=(0.9, -0.25, 0.1), right=(0.9, 0.3, 0.1), re=0.5),
          key(3, left=(0.85, 0.0, 0.1), right=(0.8, 0.05, 0.1), rs=0.03),
          sharp=0.0, energy=0.35),
    make_move("windscreen", "arms", 4, key(0, left=(0.6, 0.7, 0.15), right=(-0.35, 0.8, 0.2), tilt=0.15),
          key(2, left=(-0.35, 0.8, 0.2), right=(0.6, 0.7, 0.15), tilt=-0.15),
          sharp=0.0, energy=0.55),
    make_move("roll hands", "arms", 2,
          key(0, left=(-0.2, -0.1, 0.5), right=(-0.2, -0.35, 0.5)),
          key(0.5, left=(-0.2, -0.22, 0.62), right=(-0.2, -0.22, 0.4)),
          key(1, left=(-0.2, -0.35, 0.5), right=(-0.2, -0.1, 0.5)),
          key(1.5, left=(-0.2, -0.22, 0.4), right=(-0.2, -0.22, 0.62)),
          sharp=0.0, energy=0.6),
    make_move("flex", "arms", 4, key(0, arms=(0.5, 0.35, 0.15), le=1, re=1, nod=-0.05),
          key(1, arms=(0.42, 0.2, 0.2), le=1, re=1),
          key(2, arms=(0.35, -0.55, 0.25), le=1, re=1, nod=0.15),
          key(3, arms=(0.42, -0.4, 0.25), le=1, re=1), sharp=0.6, energy=0.6),
    make_move("frame face", "arms", 4, key(0, left=(-0.25, 0.5, 0.25), right=(0.05, 0.05, 0.4), le=1,
                                        re=1, look=0.2),
          key(2, left=(0.05, 0.05, 0.4), right=(-0.25, 0.5, 0.25), le=1, re=1, look=-0.2),
          sharp=0.6, energy=0.45),
    make_move("swim", "arms", 4, key(0, left=(0.1, 0.2, 0.9), right=(0.2, -0.6, -0.2)),
          key(1, left=(0.15, -0.5, 0.5), right=(0.3, 0.55, 0.0)),
          key(2, left=(0.2, -0.6, -0.2), right=(0.1, 0.2, 0.9)),
          key(3, left=(0.3, 0.55, 0.0), right=(0.15, -0.5, 0.5)), sharp=0.0, energy=0.5),
    make_move("open and cross", "arms", 2, key(0, arms=_CROSS), key(1, arms=(0.85, -0.1, 0.2)),
          sharp=0.4, energy=0.55),
    make_move("hands to heart", "arms", 4, key(0, right=_CHEST, re=1, nod=0.1),
          key(1, right=(0.75, 0.1, 0.45), look=-0.3),
          key(2, left=_CHEST, le=1, nod=0.1), key(3, left=(0.75, 0.1, 0.45), look=0.3),
          sharp=0.1, energy=0.25),
    make_move("brush shoulder", "arms", 4, key(0, right=(-0.55, 0.05, 0.3), re=0.5, look=0.3),
          key(1, right=(0.3, -0.2, 0.6)), key(2, left=(-0.55, 0.05, 0.3), le=0.5, look=-0.3),
          key(3, left=(0.3, -0.2, 0.6)), sharp=0.4, energy=0.35),
    make_move("reach up", "arms", 4, key(0, left=_UP, right=_BENT, nod=-0.2),
          key(1, arms=_BENT), key(2, right=_UP, left=_BENT, nod=-0.2), key(3, arms=_BENT),
          sharp=0.3, energy=0.6),
)  # fmt: skip

_TORSO = (
    make_move("body wave", "torso", 4, key(0, chest=0.08, lean=-0.1, nod=-0.15, arms=_BENT),
          key(1, chest=0.02, lean=0.05, pz=0.06, py=-0.03, arms=(0.3, -0.7, 0.3)),
          key(2, chest=-0.05, lean=0.2, pz=0.1, py=-0.09, nod=0.15, arms=_HANG),
          key(3, lean=0.1, pz=-0.06, py=-0.08, arms=_BENT), bounce=0.01, sharp=0.0, angle=0.8, energy=0.3),
    make_move("chest pop", "torso", 2, key(0, chest=0.09, lean=-0.08, arms=(0.3, -0.7, -0.1)),
          key(1, chest=-0.06, lean=0.12, arms=_AHEAD), bounce=0.02, sharp=0.65, angle=0.7, energy=0.6),
    make_move("lean", "torso", 4, key(0, side=0.35, px=-0.08, tilt=0.1, left=_LOW_V, right=_UP),
          key(2, side=-0.35, px=0.08, tilt=-0.1, left=_UP, right=_LOW_V),
          bounce=0.01, sharp=0.1, energy=0.35),
    make_move("hip bump", "torso", 4, key(0, px=0.13, proll=-0.25, side=-0.12, arms=_HIP, le=1, re=1),
          key(1, px=0.07, proll=-0.1, arms=_HIP, le=1, re=1),
          key(2, px=-0.13, proll=0.25, side=0.12, arms=_HIP, le=1, re=1),
          key(3, px=-0.07, proll=0.1, arms=_HIP, le=1, re=1), bounce=0.02, sharp=0.5, energy=0.5),
    make_move("shimmy", "torso", 1,
          key(0, twist=0.22, ls=0.02, arms=(0.5, -0.45, 0.3), lean=0.08),
          key(0.5, twist=-0.22, rs=0.02, arms=(0.5, -0.45, 0.3), lean=0.08),
          bounce=0.02, sharp=0.0, energy=0.6),
    make_move("rib cage", "torso", 4, key(0, px=-0.04, side=0.2, arms=_SIDE),
          key(1, chest=0.07, arms=_LOW_V), key(2, px=0.04, side=-0.2, arms=_SIDE),
          key(3, chest=-0.05, lean=0.08, arms=_LOW_V), bounce=0.01, sharp=0.5, energy=0.4),
    make_move("bow and rise", "torso", 4, key(0, lean=0.8, py=-0.16, nod=0.3, arms=(0.1, -0.85, 0.4)),
          key(2, lean=-0.12, nod=-0.2, arms=_HIGH_V), bounce=0.01, sharp=0.3, energy=0.65),
)  # fmt: skip

_TURNS = (
    make_move("spin", "turn", 4, key(0, yaw=0.0, twist=-0.35, py=-0.07, left=_CHEST, right=_SIDE),
          key(0.75, yaw=0.7 * _PI, arms=_CROSS, px=0.03), key(1.5, yaw=1.5 * _PI, arms=_CROSS),
          key(2, yaw=2 * _PI, arms=_SIDE, py=-0.05), key(3, yaw=2 * _PI, arms=_BENT),
          bounce=0.01, sharp=0.1, energy=0.75),
    make_move("slow turn", "turn", 8, *[
        key(i, yaw=i * _PI / 4, lf=(0.02, 0, 0), px=0.05 * (-1) ** i,
            arms=_HIGH_V if i % 2 else (0.5, -0.3, 0.3)) for i in range(8)],
          bounce=0.03, sharp=0.2, energy=0.45),
    make_move("pivot", "turn", 8,
          key(0, lf=(0, 0, 0.26), left=_AHEAD, right=_BACK),
          key(1, yaw=-_PI, rf=(0, 0, 0.1), arms=_BENT),
          key(2, yaw=-_PI, lf=(0, 0, 0.26), left=_AHEAD, right=_BACK),
          key(3, yaw=-2 * _PI, rf=(0, 0, 0.1), arms=_BENT),
          key(4, yaw=-2 * _PI, arms=_CLAP), key(5, yaw=-2 * _PI, px=0.08, arms=_BENT),
          key(6, yaw=-2 * _PI, px=-0.08, arms=_CLAP), key(7, yaw=-2 * _PI, arms=_BENT),
          bounce=0.025, sharp=0.3, energy=0.6),
    make_move("look over", "turn", 4,
          key(0, yaw=0.9, lf=(0.1, 0, 0), look=-0.7, left=_HIP, right=_SIDE, le=1),
          key(1, yaw=0.9, lf=(0.1, 0, 0), look=-0.7, left=_HIP, right=_BENT, le=1, px=0.06),
          key(2, look=0.0, arms=_HIP, le=1, re=1), key(3, px=-0.06, arms=_HIP, le=1, re=1),
          bounce=0.03, sharp=0.5, energy=0.4, alternates=True),
    make_move("paddle turn", "turn", 8, *[
        k for i in range(4) for k in (
            key(2 * i, yaw=i * _PI / 2, rf=(0.25, 0, 0.05), px=0.05, arms=(0.7, -0.3, 0.2)),
            key(2 * i + 1, yaw=(i + 1) * _PI / 2, rf=(0.05, 0.04, 0), arms=_BENT))],
          bounce=0.03, sharp=0.3, energy=0.5),
)  # fmt: skip

_KICKS = (
    make_move("kick ahead", "kick", 4,
          key(0, lf=(0, 0.42, 0.58), px=-0.03, lean=-0.12, left=_BACK, right=_AHEAD),
          key(1, arms=_BENT, py=-0.03),
          key(2, rf=(0, 0.42, 0.58), px=0.03, lean=-0.12, left=_AHEAD, right=_BACK),
          key(3, arms=_BENT, py=-0.03), bounce=0.02, sharp=0.4, angle=0.4, energy=0.85),
    make_move("kick aside", "kick", 4,
          key(0, lf=(0.55, 0.32, 0), side=-0.15, left=_LOW_V, right=_HIGH_V),
          key(1, arms=_BENT, py=-0.03),
          key(2, rf=(0.55, 0.32, 0), side=0.15, left=_HIGH_V, right=_LOW_V),
          key(3, arms=_BENT, py=-0.03), bounce=0.02, sharp=0.4, energy=0.8),
    make_move("knee up", "kick", 4,
          key(0, lf=(0, 0.42, 0.16), lean=0.08, left=_BACK, right=_GUARD),
          key(1, py=-0.04, arms=_BENT),
          key(2, rf=(0, 0.42, 0.16), lean=0.08, left=_GUARD, right=_BACK),
          key(3, py=-0.04, arms=_BENT), bounce=0.03, sharp=0.35, energy=0.7),
    make_move("jumping jack", "kick", 2,
          key(0, lf=(0.25, 0, 0), rf=(0.25, 0, 0), hop=0.09, py=-0.04, arms=_HIGH_V),
          key(1, hop=0.09, py=-0.04, arms=_HANG), bounce=0.02, sharp=0.1, energy=0.95),
    make_move("hop", "kick", 2, key(0, hop=0.12, py=-0.06, arms=_BENT), key(1, py=-0.12, arms=_BACK,
                                                                     lean=0.15),
          bounce=0.0, sharp=0.1, angle=0.4, energy=0.85),
    make_move("scissor", "kick", 2,
          key(0, lf=(0, 0, 0.22), rf=(0, 0, -0.22), hop=0.06, py=-0.04, left=_BACK, right=_FRONT),
          key(1, lf=(0, 0, -0.22), rf=(0, 0, 0.22), hop=0.06, py=-0.04, left=_FRONT, right=_BACK),
          bounce=0.01, sharp=0.1, energy=0.95),
    make_move("kick ball change", "kick", 2,
          key(0, lf=(0, 0.25, 0.45), arms=_AHEAD), key(0.5, lf=(0, 0.02, -0.1), py=-0.03, arms=_BENT),
          key(1, py=-0.02, arms=_BENT), bounce=0.02, sharp=0.2, angle=0.5, energy=0.75, alternates=True),
    make_move("pony", "kick", 2,
          key(0, lf=(0.12, 0, 0), rf=(0.05, 0.18, 0), hop=0.05, px=0.05, left=_GUARD, right=_BENT),
          key(1, rf=(0.12, 0, 0), lf=(0.05, 0.18, 0), hop=0.05, px=-0.05, left=_BENT, right=_GUARD),
          bounce=0.02, sharp=0.1, energy=0.8),
)  # fmt: skip

_FLOOR = (
    make_move("squat", "floor", 4,
          key(0, lf=(0.12, 0, 0), rf=(0.12, 0, 0), py=-0.3, lean=0.4, arms=_CLAP),
          key(2, lf=(0.12, 0, 0), rf=(0.12, 0, 0), arms=_BENT), bounce=0.02, sharp=0.3, angle=0.4, energy=0.7),
    make_move("lunge", "floor", 4,
          key(0, lf=(0.5, 0, 0.05), py=-0.24, px=0.16, side=0.12, left=_BENT, right=_HIGH_V),
          key(1, py=-0.03, arms=_BENT),
          key(2, rf=(0.5, 0, 0.05), py=-0.24, px=-0.16, side=-0.12, left=_HIGH_V, right=_BENT),
          key(3, py=-0.03, arms=_BENT), bounce=0.015, sharp=0.4, energy=0.7),
    make_move("low drop", "floor", 8,
          key(0, lf=(0.08, 0, 0), rf=(0.08, 0, 0), py=-0.1, arms=_BENT),
          key(2, lf=(0.08, 0, 0), rf=(0.08, 0, 0), py=-0.4, lean=0.5, arms=_AHEAD),
          key(3, lf=(0.08, 0, 0), rf=(0.08, 0, 0), py=-0.36, lean=0.45, px=0.06, arms=_BENT),
          key(4, lf=(0.08, 0, 0), rf=(0.08, 0, 0), py=-0.4, lean=0.5, px=-0.06, arms=_AHEAD),
          key(6, arms=_UP, nod=-0.15), key(7, arms=_BENT), bounce=0.015, sharp=0.2, angle=0.4, energy=0.75),
    make_move("touch the floor", "floor", 4,
          key(0, lf=(0.2, 0, 0), py=-0.34, lean=1.0, side=0.15, left=(0.1, -0.95, 0.1),
              right=(0.6, 0.3, -0.3)),
          key(2, arms=_HIGH_V, lean=-0.08), bounce=0.01, sharp=0.3, energy=0.7, alternates=True),
    make_move("bounce low", "floor", 2,
          key(0, lf=(0.15, 0, 0), rf=(0.15, 0, 0), py=-0.22, px=0.05, lean=0.25, arms=_BENT),
          key(1, lf=(0.15, 0, 0), rf=(0.15, 0, 0), py=-0.22, px=-0.05, lean=0.25, arms=_AHEAD),
          bounce=0.06, sharp=0.2, energy=0.65),
)  # fmt: skip

_POSES = (
    make_move("hands on hips", "pose", 4, key(0, px=0.07, proll=-0.1, arms=_HIP, le=1, re=1, look=0.25),
          energy=0.2, **_HELD),
    make_move("star", "pose", 4, key(0, lf=(0.22, 0, 0), rf=(0.22, 0, 0), arms=_HIGH_V, nod=-0.1),
          energy=0.8, **_HELD),
    make_move("point high", "pose", 4,
          key(0, lf=(0.2, 0, 0), px=0.1, right=_HIGH_V, left=_HIP, le=1, look=-0.4, side=0.08),
          energy=0.65, alternates=True, **_HELD),
    make_move("lunge freeze", "pose", 4,
          key(0, lf=(0.42, 0, 0.1), py=-0.16, px=0.14, left=_CHEST, right=_SIDE, look=-0.5),
          energy=0.6, alternates=True, **_HELD),
    make_move("arms crossed", "pose", 4, key(0, arms=_CROSS, le=0.6, re=0.6, nod=-0.05, lean=-0.04),
          energy=0.3, **_HELD),
    make_move("head in hands", "pose", 4, key(0, arms=_HEAD, le=1, re=1, px=-0.08, side=0.12),
          energy=0.35, **_HELD),
    make_move("bow head", "pose", 4, key(0, nod=0.45, lean=0.15, arms=_HANG), energy=0.1, **_HELD),
)  # fmt: skip

LIBRARY: tuple[Move, ...] = (
    *_GROOVES, *_STEPS, *_ARMS, *_TORSO, *_TURNS, *_KICKS, *_FLOOR, *_POSES
)  # fmt: skip
"""Every move."""

_BY_NAME = {move.name: move for move in LIBRARY}


def find(name: str) -> Move:
    """A move by name; KeyError if there is none."""
    return _BY_NAME[name]


def names(*families: str) -> frozenset[str]:
    """Names of all moves, or of those in some families."""
    return frozenset(move.name for move in LIBRARY if not families or move.family in families)
