"""Words that tell what sort of thing an adapter is, and words that tell nothing. English; data only."""

from typing import Final

from stylus_engine.model.adapter import Category
from stylus_engine.planning import lexicon


def _set(words: str) -> frozenset[str]:
    return frozenset(lexicon.phrase(word) for word in words.split(","))


# What communities write into every prompt, whatever it shows.
BOILERPLATE: Final = _set(
    "masterpiece,best quality,high quality,highest quality,top quality,amazing quality,quality,"
    "very aesthetic,aesthetic,absurdres,highres,hires,high resolution,ultra detailed,detailed,"
    "highly detailed,extremely detailed,intricate,intricate details,sharp focus,8k,4k,uhd,hdr,hd,"
    "raw photo,photorealistic,realistic,professional,newest,best,great,perfect,award winning,"
    "1girl,1boy,solo,looking at viewer,full body,upper body,simple background,white background,"
    "score 9,score 8 up,score 7 up,score 6 up,score 9 up,source anime,source cartoon,rating safe,"
    "trending on artstation,artstation,unreal engine,octane render,wallpaper,depth of field,bokeh,"
    "cinematic,cinematic lighting,volumetric lighting,natural lighting,dynamic pose,smile,"
    "standing,close up,sfw,nsfw,break,and,embedding,vae,upscale"
)
# Tags that sort and do not show: they stand on tens of thousands of cards.
SORTING: Final = _set(
    "lora,locon,lycoris,dora,loha,lokr,embedding,textual inversion,model,checkpoint,subject,style,"
    "styles,place,light,detail,speed,other,character,characters,celebrity,clothing,background,"
    "backgrounds,building,buildings,vehicle,animal,animals,object,objects,assets,action,pose,poses,"
    "concept,concepts,tool,base model,photorealistic,woman,girl,man,boy,sexy,female,male,person,"
    "diffusers,text to image,stable diffusion,sdxl,flux,sd1.5,pony,illustrious,template,sks,ohwx,"
    "zwx,instance,class,regularization,wip,slider"
)
# Tags that say the category outright: Civitai's own list, and ours.
TAGGED: Final[dict[str, Category]] = {
    "subject": "subject",
    "character": "subject",
    "characters": "subject",
    "celebrity": "subject",
    "animal": "subject",
    "animals": "subject",
    "vehicle": "subject",
    "clothing": "subject",
    "object": "subject",
    "objects": "subject",
    "assets": "subject",
    "building": "subject",
    "buildings": "subject",
    "style": "style",
    "styles": "style",
    "background": "place",
    "backgrounds": "place",
    "place": "place",
    "scenery": "place",
    "landscape": "place",
    "light": "light",
    "lighting": "light",
    "detail": "detail",
    "tool": "detail",
}
# In the order in which they win a tie.
TELLING: Final[dict[Category, frozenset[str]]] = {
    "style": _set(
        "style,styled,sketch,painting,drawing,illustration,artwork,art,anime,manga,comic,cartoon,"
        "pixel,watercolour,aquarelle,oil,gouache,ink,pencil,graphite,charcoal,chalk,pastel,woodcut,"
        "linocut,blueprint,mosaic,halftone,papercut,origami,embroidery,stitch,needlework,claymation,"
        "voxel,poly,vector,poster,engraving,etching,fresco,impressionist,cubist,surrealism,ukiyo,"
        "noir,retro,vaporwave,synthwave,cyberpunk,steampunk,polaroid,photography,film,render,3d,"
        "monochrome,lineart,graffiti,stained,neon,8bit,sprite,print,cutout,aesthetic"
    ),
    "light": _set(
        "light,lighting,lit,sunset,sunrise,dusk,dawn,night,nighttime,moonlight,moonlit,sunlight,"
        "backlight,rim,ray,glow,shadow,chiaroscuro,candlelight,hour,storm,thunderstorm,lightning,"
        "rain,fog,mist,weather,twilight,lowkey,illumination"
    ),
    "place": _set(
        "place,background,scenery,landscape,environment,interior,room,street,city,cityscape,town,"
        "village,market,forest,jungle,desert,beach,island,mountain,valley,volcano,lava,underwater,"
        "ocean,sea,reef,garden,temple,ruin,station,subway,alley,cave,dungeon,library,kitchen,bedroom,"
        "candyland,planet,world,sky,field,swamp"
    ),
    "detail": _set(
        "detail,detailer,detailed,enhancer,enhance,tweaker,freckle,grain,skin,texture,sharpness,eye,"
        "hand,finger,hair,bokeh,contrast,quality,fix,fixer,jewellery,makeup,tattoo"
    ),
    "subject": _set(
        "character,girl,boy,woman,man,person,hero,villain,princess,knight,creature,monster,animal,"
        "dragon,cat,dog,fox,wolf,horse,bird,fish,octopus,snail,insect,butterfly,dinosaur,koala,giraffe,"
        "robot,android,mecha,car,motorcycle,truck,train,plane,ship,boat,rocket,spaceship,castle,tower,"
        "house,building,dress,outfit,armor,armour,costume,uniform,hat,sword,weapon,gun,typewriter,"
        "teapot,cupcake,food,fruit,flower,plant,tree,furniture,chair,toy,doll,statue"
    ),
}
